"""REINFORCE: the score function times the signal."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import draw_checks


@dataclasses.dataclass(frozen=True)
class Reinforce(
  independent_samples.IndependentSamples, score_function.ScoreFunctionMean
):
  """The score-function estimator, without a baseline.

    grad E_q[f(z)] = E_q[f(z) grad log q(z)]

  Any posterior will do, discrete or not. Warning: the variance is large;
  `reinforce_loo` has less of it at equal cost, and is unbiased as well.

  Args:
    num_samples: K >= 1, the number of independent samples averaged.
  Reference: Williams (1992), Machine Learning 8.
  """

  unbiased_for: ClassVar[str] = 'elbo'

  def mean_surrogate(
    self,
    integrand: types.Integrand,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.MeanSurrogate:
    """See `MeanEstimator`."""
    draw_checks.samples(draw, self.num_samples)
    log_q = posteriors.as_posterior(posterior).log_prob(draw.samples)
    values = checks.call_log_joint(integrand, draw.samples, log_q)
    return score_function.score_surrogate(
      values, log_q, values / values.shape[0]
    )
