"""REINFORCE: the score function times the signal."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


@dataclasses.dataclass(frozen=True)
class Reinforce(
  independent_samples.IndependentSamples, score_function.ScoreMean
):
  """The score-function estimator, without a baseline.

  Any posterior, discrete or not.

  Args:
    num_samples: K >= 1, the independent samples averaged.
  Reference: Williams (1992), Machine Learning 8.
  """

  unbiased_for: ClassVar[str] = 'elbo'

  def mean_surrogate(
    self, integrand: score_function.Integrand, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """See `ScoreMean`."""
    log_q = protocol.log_prob(posterior, draw.samples)
    values = checks.call_log_joint(integrand, draw.samples, log_q)
    return score_surrogate(values, log_q, values / values.shape[0])


def score_surrogate(
  values: tf.Tensor, log_q: tf.Tensor, coefficients: tf.Tensor
) -> types.Surrogate:
  """Returns the surrogate of a mean from values, scores and coefficients.

  Args:
    values: `[K, B]` integrand at the samples; the model's gradient flows.
    log_q: `[K, B]`, nats; the posterior's gradient flows.
    coefficients: `[K, B]` of the scores, gradient stopped here.
  """
  signal = tf.reduce_sum(tf.stop_gradient(coefficients) * log_q, axis=0)
  value = tf.reduce_mean(values, axis=0)
  return types.Surrogate(
    loss=gradients.with_gradient_of(-value, -(value + signal)),
    bound=tf.stop_gradient(value),
    log_weights=tf.stop_gradient(values),
  )
