"""Reweighted wake-sleep, the wake phases."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import independent
from tf_mco.ops import checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib
from tf_mco.posteriors import protocol


def rws_loss(log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
  """Returns the negative K-sample bound, carrying the wake-phase gradients.

  Args:
    log_p: `[K, B]` log p(x, z[k]) in nats, differentiable in the model.
    log_q: `[K, B]` log q(z[k] | x) of samples whose gradient is stopped,
      differentiable in the posterior.
  Returns:
    `[B]`, equal to `-log(mean_k(exp(log_p[k] - log_q[k])))`. The model's
    gradient is that of the bound; the posterior's climbs sum_k wt[k] log q[k],
    which descends KL(p(z | x) || q).
  Raises:
    ValueError: if the shapes are not the same `[K, B]`.
  Reference: Bornschein and Bengio (2015), arXiv:1406.2751.
  """
  log_p, log_q = tf.convert_to_tensor(log_p), tf.convert_to_tensor(log_q)
  checks.log_weights(log_p, log_q)
  return weighted_score_surrogate(log_p, log_q, lambda weights: weights).loss


def weighted_score_surrogate(
  log_p: tf.Tensor, log_q: tf.Tensor, coefficient: Any
) -> types.Surrogate:
  """Returns the surrogate with sum_k coefficient(wt)[k] s[k] for q.

  Args:
    log_p: `[K, B]`, nats; the model's gradient flows, with weights wt.
    log_q: `[K, B]`, nats, of stopped samples; the posterior's gradient flows.
    coefficient: maps the normalized weights `[K, B]` to `[K, B]`.
  """
  log_w = tf.stop_gradient(log_p - log_q)
  weights = tf.nn.softmax(log_w, axis=0)
  # Serves model and prior, then the posterior.
  carrier = tf.reduce_sum(
    weights * log_p + tf.stop_gradient(coefficient(weights)) * log_q, axis=0
  )
  bound = log_weights_lib.log_mean_exp(log_w)
  return types.Surrogate(
    loss=gradients.graft(-bound, -carrier), bound=bound, log_weights=log_w
  )


@dataclasses.dataclass(frozen=True)
class Rws(independent.IndependentSamples):
  """Wake-theta and wake-phi, for any posterior, discrete or not.

  At K = 1 the posterior's gradient is the score, of mean 0.

  Args:
    num_samples: K >= 1.
  Reference: Bornschein and Bengio (2015), arXiv:1406.2751; Le et al. (2019),
    arXiv:1805.10469.
  """

  num_samples: int = 5

  unbiased_for: ClassVar[None] = None

  def surrogate(
    self, log_joint: types.LogJoint, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of the K-sample bound."""
    log_q = protocol.log_prob(posterior, draw.samples)
    log_p = checks.evaluate(log_joint, draw.samples, log_q)
    return weighted_score_surrogate(log_p, log_q, lambda weights: weights)
