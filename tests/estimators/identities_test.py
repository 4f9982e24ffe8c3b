"""Identities between estimators that hold for every draw, to 1e-12."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.support import gaussian_draws as checks
import tf_mco
from tf_mco import estimators

_KINDS = ('normal', 'scalar', 'tril', 'chain')
_K = 4

every_kind = pytest.mark.parametrize('kind', _KINDS)


@functools.cache
def _all(kind: str, num_samples: int = _K) -> dict[str, checks.Drawn]:
  """Returns the estimate of every row from the same noise."""
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, num_samples)
  return {
    str(row): checks.given(
      row.make(num_samples), problem, noise, stopped=row.stopped
    )
    for row in table.REAL_ROWS
  }


def _given(
  estimator: tf_mco.Estimator, kind: str, *, stopped: bool = False
) -> checks.Drawn:
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, _K)
  return checks.given(estimator, problem, noise, stopped=stopped)


@every_kind
def test_sums(kind: str) -> None:
  problem, found = gaussian_problems.make(kind), _all(kind)
  posterior = {
    name: checks.posterior(problem, result.gradient)
    for name, result in found.items()
  }
  for left, right in (
    (posterior['stl'], posterior['dreg'] + posterior['rws_dreg']),
    (posterior['iwae'], posterior['stl'] - posterior['rws']),
    (posterior['aisle-chi2'], 2 * _K * posterior['dreg']),
  ):
    assert np.abs(left).min() > 1e-4, 'nothing was tested'
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


@every_kind
def test_one_gradient_for_the_model(kind: str) -> None:
  """All estimators that report the K-sample bound have it."""
  problem, found = gaussian_problems.make(kind), _all(kind)
  expected = checks.model(problem, found['iwae'].gradient)
  others = found.keys() - {'elbo', 'miwae', 'ciwae', 'renyi'}
  assert len(others) == 14
  for name in others:
    model = checks.model(problem, found[name].gradient)
    np.testing.assert_allclose(model, expected, rtol=1e-12, err_msg=name)
    bound = found[name].surrogate.bound
    np.testing.assert_allclose(bound, found['iwae'].surrogate.bound, rtol=1e-12)


@pytest.mark.parametrize(
  ('one', 'two'),
  [
    (estimators.Aisle(_K), estimators.Stl(_K)),
    (estimators.Aisle(_K, 'kl', False), estimators.Rws(_K)),
    (estimators.Aisle(_K, 2.0), estimators.Aisle(_K, 'chi2')),
    (estimators.Aisle(_K, 2), estimators.Aisle(_K, 'chi2')),
    (estimators.Aisle(_K, 2.0, False), estimators.Aisle(_K, 'chi2', False)),
  ],
)
@every_kind
def test_same_to_the_last_bit(
  one: tf_mco.Estimator, two: tf_mco.Estimator, kind: str
) -> None:
  stopped = not getattr(one, 'reparameterized', True)
  found = [_given(e, kind, stopped=stopped) for e in (one, two)]
  for left, right in zip(*(f.surrogate for f in found), strict=True):
    np.testing.assert_array_equal(left, right)
  for name, value in found[0].gradient.items():
    np.testing.assert_array_equal(value, found[1].gradient[name])


@pytest.mark.parametrize('kind', ['normal', 'chain'])
def test_stl_is_aisle_of_kl_with_the_same_seed(kind: str) -> None:
  problem = gaussian_problems.make(kind)
  one = checks.drawn(estimators.Stl(_K), problem)
  two = checks.drawn(estimators.Aisle(_K), problem)
  np.testing.assert_array_equal(one.noise, two.noise)
  for name, value in one.gradient.items():
    np.testing.assert_array_equal(value, two.gradient[name])


@pytest.mark.parametrize(
  ('one', 'two'),
  [
    (estimators.Miwae(1, _K), estimators.Iwae(_K)),
    (estimators.Piwae(1, _K), estimators.Iwae(_K)),
    (estimators.Miwae(_K, 1), estimators.Elbo(_K)),
    (estimators.Ciwae(_K, beta=0), estimators.Iwae(_K)),
    (estimators.Ciwae(_K, beta=1), estimators.Elbo(_K)),
    (estimators.Renyi(_K, alpha=0), estimators.Iwae(_K)),
  ],
)
@every_kind
def test_reductions(
  one: tf_mco.Estimator, two: tf_mco.Estimator, kind: str
) -> None:
  left, right = _given(one, kind), _given(two, kind)
  np.testing.assert_allclose(
    left.surrogate.loss, right.surrogate.loss, rtol=0, atol=1e-13
  )
  checks.assert_close(left.gradient, right.gradient)


@every_kind
def test_renyi_towards_one(kind: str) -> None:
  """The limit is the ELBO, off by (1 - alpha) times half a variance."""
  left = _given(estimators.Renyi(_K, alpha=1 - 1e-7), kind)
  right = _given(estimators.Elbo(_K), kind)
  checks.assert_close(left.gradient, right.gradient, 1e-6)


@every_kind
def test_piwae_of_single_samples(kind: str) -> None:
  """The posterior gets the gradient of the ELBO, the model that of IWAE."""
  problem = gaussian_problems.make(kind)
  found = _given(estimators.Piwae(_K, 1), kind).gradient
  elbo = _given(estimators.Elbo(_K), kind).gradient
  iwae = _given(estimators.Iwae(_K), kind).gradient
  np.testing.assert_allclose(
    checks.posterior(problem, found),
    checks.posterior(problem, elbo),
    rtol=1e-11,
  )
  np.testing.assert_allclose(
    checks.model(problem, found), checks.model(problem, iwae), rtol=1e-11
  )


@every_kind
def test_exclusive_kl(kind: str) -> None:
  """The mean of K one-sample STLs is the ELBO plus the mean score."""
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, _K)
  one = [checks.given(estimators.Stl(1), problem, z[None]) for z in noise]
  mean = np.mean([checks.posterior(problem, d.gradient) for d in one], 0)
  scores = [
    checks.given(estimators.Rws(1), problem, z[None], stopped=True)
    for z in noise
  ]
  score = np.mean([checks.posterior(problem, d.gradient) for d in scores], 0)
  elbo = checks.given(estimators.Elbo(_K), problem, noise).gradient
  elbo = checks.posterior(problem, elbo)
  np.testing.assert_allclose(mean, elbo + score, rtol=0, atol=1e-12)


@every_kind
def test_rws_dreg_of_one_sample_is_zero(kind: str) -> None:
  """It is zero exactly, for any draw."""
  problem = gaussian_problems.make(kind)
  found = checks.drawn(estimators.RwsDreg(1), problem).gradient
  assert not checks.posterior(problem, found).any()
  expected = checks.drawn(estimators.Dreg(1), problem).gradient
  model = checks.model(problem, found)
  np.testing.assert_array_equal(model, checks.model(problem, expected))


@every_kind
def test_one_sample_per_draw(kind: str) -> None:
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, 1)
  found = {
    str(row): checks.given(row.make(1), problem, noise, stopped=row.stopped)
    for row in table.REAL_ROWS
    if row.symmetric
  }
  gradient = {name: result.gradient for name, result in found.items()}
  for name in ('iwae', 'ciwae', 'renyi'):
    checks.assert_close(gradient[name], gradient['elbo'])
  for name in ('dreg', 'aisle-kl'):
    for key, value in gradient[name].items():
      np.testing.assert_array_equal(value, gradient['stl'][key])
  posterior = {
    name: checks.posterior(problem, value) for name, value in gradient.items()
  }
  score = posterior['rws']
  np.testing.assert_allclose(
    posterior['elbo'], posterior['stl'] - score, rtol=0, atol=1e-12
  )
  # alpha (alpha - 1) for the path, alpha - 1 for the score.
  for name, alpha in (('chi2', 2), ('1.5', 1.5), ('3', 3)):
    path = alpha * (alpha - 1) * posterior['stl']
    np.testing.assert_allclose(posterior[f'aisle-{name}'], path, rtol=1e-13)
    np.testing.assert_allclose(
      posterior[f'aisle-{name}-score'], (alpha - 1) * score, rtol=1e-13
    )
