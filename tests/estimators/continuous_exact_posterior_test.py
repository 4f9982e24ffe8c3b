"""Where q is p(z | x): path estimators have nothing left, scores have noise."""

from __future__ import annotations

import numpy as np
import pytest

from tests.testing import continuous_checks as checks
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature
from tf_mco import estimators

_AT_POSTERIOR = {
  kind: gaussian_problems.at_posterior(kind)
  for kind in ('normal', 'tril', 'chain')
}


@pytest.mark.parametrize('num_samples', [1, 4])
@pytest.mark.parametrize('kind', _AT_POSTERIOR)
@pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)
def test_at_the_exact_posterior(
  row: continuous_rows.Row, kind: str, num_samples: int
) -> None:
  """G3: no path, equal weights; the scores alone remain."""
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
  if row.name in ('stl', 'dreg', 'rws_dreg', 'aisle-kl', 'aisle-chi2'):
    assert not expected.any(), 'a path estimator'
  if row.name in ('iwae', 'rws', 'elbo'):
    assert np.abs(gradient).min() > 1e-5


def test_no_variance_at_the_exact_posterior() -> None:
  """Of path estimators, while IWAE's is that of a mean of scores."""
  problem = _AT_POSTERIOR['normal']
  nodes = quadrature.outcomes(problem, 2, 8)
  dreg = quadrature.moments(estimators.Dreg(2), problem, nodes)
  iwae_moments = quadrature.moments(estimators.Iwae(2), problem, nodes)
  precision = np.exp(-2 * problem.values['log_scale'])
  np.testing.assert_allclose(dreg.variance['loc'], 0, atol=1e-28)
  variance = iwae_moments.variance
  np.testing.assert_allclose(variance['loc'], precision / 2, rtol=1e-12)
  np.testing.assert_allclose(variance['log_scale'], 1, rtol=1e-12)
