"""Estimators of a mean from scores, which need no gradient of the integrand."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import estimator
from tf_mco.ops import checks


class ScoreFunctionMean(estimator.MeanEstimator):
  """An estimator of grad E_q[f(z)] that needs no gradient of f in z.

  The value of f is fully stopped where it multiplies a score. For the ELBO,
  f = log p - log q, the direct term -grad log q has mean zero and is dropped,
  as in the original implementations.
  """

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the ELBO, E_q[log p(x, z) - log q(z | x)]."""
    posterior = posteriors.as_posterior(posterior)

    def log_weights(samples: types.Samples) -> tf.Tensor:
      # Serves the posterior: its score multiplies a constant signal.
      log_q = tf.stop_gradient(posterior.log_prob(samples))
      return checks.call_log_joint(log_joint, samples, log_q) - log_q

    return estimator.of_log_weights(
      self.mean_surrogate(log_weights, posterior, draw)
    )


def score_surrogate(
  values: tf.Tensor, log_q: tf.Tensor, coefficients: tf.Tensor
) -> types.MeanSurrogate:
  """Returns the surrogate of a mean from values, scores and coefficients.

  Args:
    values: `[K, B]` integrand at the samples. The model's gradient flows.
    log_q: `[K, B]`, nats. The posterior's gradient flows.
    coefficients: `[K, B]` of the scores. Their gradient is stopped here.
  """
  signal = tf.reduce_sum(tf.stop_gradient(coefficients) * log_q, axis=0)
  return estimator.from_mean(values, signal)
