"""At q = p(z | x) path estimators give zero, and scores have noise."""

from __future__ import annotations

import numpy as np
import pytest

from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.contract.oracles import quadrature
from tests.support import gaussian_draws as checks
from tf_mco import estimators

_AT_POSTERIOR = {
  kind: gaussian_problems.at_posterior(kind)
  for kind in ('normal', 'tril', 'chain')
}


@pytest.mark.parametrize(
  ('kind', 'num_samples'),
  [*((kind, 4) for kind in _AT_POSTERIOR), ('normal', 1)],
)
@pytest.mark.parametrize('row', table.REAL_ROWS, ids=str)
def test_at_the_exact_posterior(
  row: table.Row, kind: str, num_samples: int
) -> None:
  """There is no path, and the weights are equal: the scores alone remain."""
  if not row.symmetric and num_samples == 1:
    return
  problem = _AT_POSTERIOR[kind]
  found = checks.drawn(row.make(num_samples), problem)
  log_w = found.surrogate.log_weights.numpy()
  np.testing.assert_allclose(log_w - log_w[:1], 0, atol=1e-13)
  np.testing.assert_allclose(found.surrogate.bound, log_w[0], rtol=1e-13)
  gradient = checks.posterior(problem, found.gradient)
  scores = checks.given(
    estimators.Rws(num_samples), problem, found.noise, stopped=True
  )
  score = checks.posterior(problem, scores.gradient)
  assert np.abs(score).min() > 1e-5
  coefficients = row.formula(log_w)
  expected = score * coefficients.score.sum(0)[:, None]
  scale = np.abs(coefficients.path).sum(0).max() + 1
  np.testing.assert_allclose(gradient, expected, rtol=0, atol=2e-14 * scale)
  if str(row) in ('stl', 'dreg', 'rws_dreg', 'aisle-kl', 'aisle-chi2'):
    assert not expected.any(), 'a path estimator'
  if str(row) in ('iwae', 'rws', 'elbo'):
    assert np.abs(gradient).min() > 1e-5


def test_no_variance_at_the_exact_posterior() -> None:
  """Path estimators have none; IWAE's is that of a mean of scores."""
  problem = _AT_POSTERIOR['normal']
  nodes = quadrature.grid(problem, 2, 8)
  dreg, iwae = (
    oracle.moments(oracle.estimates(estimator, problem, nodes), nodes)
    for estimator in (estimators.Dreg(2), estimators.Iwae(2))
  )
  precision = np.exp(-2 * problem.values['log_scale'])
  np.testing.assert_allclose(dreg.variance['loc'], 0, atol=1e-28)
  variance = iwae.variance
  np.testing.assert_allclose(variance['loc'], precision / 2, rtol=1e-12)
  np.testing.assert_allclose(variance['log_scale'], 1, rtol=1e-12)
