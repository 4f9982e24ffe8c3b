"""REINFORCE with the mean of the other samples as the baseline."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import draw_checks


def reinforce_loo_loss(log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
  """Returns the negative ELBO, carrying the leave-one-out gradient.

  Args:
    log_p: `[K, B]` log p(x, z[k]) in nats, differentiable in the model.
    log_q: `[K, B]` log q(z[k] | x) of samples whose gradient is stopped,
      differentiable in the posterior.
  Returns:
    `[B]`, equal to `-mean_k(log_p[k] - log_q[k])`; not reduced over `B`.
  Raises:
    ValueError: if the shapes are not the same `[K, B]`, or `K < 2`.

  #### Example

  >>> log_p = tf.constant([[-1.0], [-3.0]])
  >>> log_q = tf.constant([[-0.5], [-0.5]])
  >>> print(float(reinforce_loo_loss(log_p, log_q)[0]))
  1.5

  Reference: Kool, van Hoof and Welling (2019), Buy 4 REINFORCE samples.
  """
  log_p, log_q = checks.log_weights(log_p, log_q)
  # Serves the posterior: the direct term has mean zero and is dropped.
  values = log_p - tf.stop_gradient(log_q)
  return _surrogate(values, log_q).loss


def _surrogate(values: tf.Tensor, log_q: tf.Tensor) -> types.MeanSurrogate:
  num_samples = values.shape[0]
  checks.at_least('num_samples', num_samples, 2, ReinforceLoo.minimum_reason)
  centred = values - tf.reduce_mean(values, axis=0, keepdims=True)
  # v[k] less the mean of the others is K / (K - 1) times v[k] less the mean of
  # all, and the mean over K divides by K.
  return score_function.score_surrogate(
    values, log_q, centred / (num_samples - 1)
  )


@dataclasses.dataclass(frozen=True)
class ReinforceLoo(
  independent_samples.IndependentSamples, score_function.ScoreFunctionMean
):
  """The score-function estimator with a leave-one-out baseline.

    1/K sum_k (f(z[k]) - mean_{j != k} f(z[j])) grad log q(z[k])

  Any posterior will do, discrete or not. For Bernoulli variables `disarm` has
  less variance at the same number of evaluations.

  Args:
    num_samples: K >= 2, the number of independent samples averaged.
  Reference: Kool, van Hoof and Welling (2019), Buy 4 REINFORCE samples.
  """

  num_samples: int = 2

  unbiased_for: ClassVar[str] = 'elbo'
  minimum: ClassVar[int] = 2
  minimum_reason: ClassVar[str] = 'the other samples are the baseline'

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
    return _surrogate(values, log_q)
