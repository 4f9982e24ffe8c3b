"""Tests of the one-bit problem against its closed form."""

import numpy as np
import pytest

from experiments.figures import plots
from experiments.studies.one_bit import problem
from experiments.studies.one_bit import study
from tf_mco import distributions


@pytest.mark.parametrize('name', list(problem.estimators()))
def test_moments_are_those_of_the_closed_form(name):
  draws, p0 = 100_000, 0.49
  moments = problem.gradient_moments(
    problem.estimators()[name], p0=p0, draws=draws, seed=1
  )
  exact = problem.exact_gradient(problem.PHIS, p0)
  # 17 tests of |z| < 4: by chance once in 900 runs, but the seed is fixed.
  error = np.sqrt(moments.variance / draws)
  np.testing.assert_array_less(np.abs(moments.mean - exact), 4 * error + 1e-12)
  np.testing.assert_allclose(
    moments.variance, _variance(name, p0), rtol=0.06, atol=1e-12
  )


def _variance(name, p0):
  """Returns the variance of two evaluations of one bit, at every phi.

  The formulas follow from those of Dong, Mnih and Tucker (2020),
  arXiv:2006.10680, for one dimension: the estimates are functions of one bit or
  of one uniform variable, whose second moments are integrals of polynomials.
  """
  p = 1 / (1 + np.exp(-problem.PHIS))
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
  posterior = distributions.Bernoulli(logits=[0.0])
  costs = {e.evaluations(posterior) for e in problem.estimators().values()}
  assert costs == {2}


def test_ascent_rises_and_pictures_are_written(tmp_path, monkeypatch):
  all_estimators = problem.estimators()
  some = {name: all_estimators[name] for name in ('REINFORCE', 'DisARM')}
  monkeypatch.setattr(problem, 'estimators', lambda: some)
  drawn, lines = {}, plots.lines

  def note(series, path, **options):
    drawn[path.name] = series
    lines(series, path, **options)

  monkeypatch.setattr(plots, 'lines', note)
  settings = study.OneBitSettings(p0=0.4, draws=100, steps=50)
  table = study.STUDY.run(settings, tmp_path)
  assert [line.split()[0] for line in table.splitlines()[2:]] == list(some)
  for name in ('variance.png', 'ascent.png'):
    assert (tmp_path / name).stat().st_size > 1000
    assert list(drawn[name]) == list(some)
  _, values = drawn['ascent.png']['DisARM']
  assert values[0] > 0.26 and np.all(np.diff(values) > 0)
  text = study.STUDY.summary(settings, table, 'here', 1.0)
  assert '100 draws at 17 values of phi' in text and table in text


def test_a_bad_target_is_refused():
  with pytest.raises(ValueError, match='0 < p0 < 1.*Received: p0=1.5'):
    study.OneBitSettings(p0=1.5)
