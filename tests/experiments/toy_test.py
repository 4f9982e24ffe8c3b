"""Tests of the one-bit problem against its closed form."""

import numpy as np
import pytest

from experiments import toy
from experiments.binary import one_bit


@pytest.mark.parametrize('name', list(one_bit.estimators()))
def test_moments_are_those_of_the_closed_form(name):
  draws, p0 = 100_000, 0.49
  found = one_bit.moments(
    one_bit.estimators()[name], p0=p0, draws=draws, seed=1
  )
  exact = one_bit.exact_gradient(one_bit.PHIS, p0)
  # 17 tests of |z| < 4: by chance once in 900 runs, but the seed is fixed.
  error = np.sqrt(found.variance / draws)
  np.testing.assert_array_less(np.abs(found.mean - exact), 4 * error + 1e-12)
  np.testing.assert_allclose(
    found.variance, _variance(name, p0), rtol=0.06, atol=1e-12
  )


def _variance(name, p0):
  """REFERENCE: Dong et al. (2020) and the formulas for D = 1."""
  p = 1 / (1 + np.exp(-one_bit.PHIS))
  q = 1 - p
  f1, f0 = (1 - p0) ** 2, p0**2
  delta = (f1 - f0) ** 2
  small, large = np.minimum(p, q), np.maximum(p, q)
  if name == 'REINFORCE':
    single = p * (f1 * q) ** 2 + q * (f0 * p) ** 2 - delta * (p * q) ** 2
    return single / 2
  if name == 'REINFORCE-LOO':
    return delta * (p * q / 2 - (p * q) ** 2)
  if name == 'ARM':
    return delta * (2 / 3 * (1 / 8 - (0.5 - small) ** 3) - (p * q) ** 2)
  return delta * (small * large**2 / 2 - (p * q) ** 2)


def test_every_estimator_costs_the_same():
  from tf_mco import distributions

  posterior = distributions.Bernoulli(logits=[0.0])
  costs = {e.evaluations(posterior) for e in one_bit.estimators().values()}
  assert costs == {2}


def test_ascent_rises_and_pictures_are_written(tmp_path):
  table = toy.run(
    tmp_path, p0=0.4, draws=100, steps=50, learning_rate=1.0, seed=0
  )
  assert table.count('\n') == 5
  for name in ('variance.png', 'ascent.png'):
    assert (tmp_path / name).stat().st_size > 1000
  values = one_bit.ascend(
    one_bit.estimators()['DisARM'], p0=0.4, steps=50, learning_rate=1.0, seed=0
  )
  assert values[0] > 0.26 and np.all(np.diff(values) > 0)


def test_a_bad_target_is_refused(tmp_path):
  with pytest.raises(ValueError, match='0 < p0 < 1.*Received: p0=1.5'):
    toy.run(tmp_path, p0=1.5, draws=10, steps=1, learning_rate=1.0, seed=0)
