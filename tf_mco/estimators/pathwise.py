"""Gradients through the path only: the base of STL, DReG, RWS-DReG and AISLE.

With wt the normalized weights, and d[k] the derivative of log w[k] through the
sample while the parameters of q inside its density are stopped, the posterior's
gradient is sum_k wt[k] factor[k] d[k]. Model and prior always get
sum_k wt[k] grad log p(x, z[k]).
"""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import cotangents
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib
from tf_mco.ops import lost_paths


@dataclasses.dataclass(frozen=True)
class Pathwise(independent_samples.ReparameterizedSamples, abc.ABC):
  """The K-sample bound with a path gradient for the posterior.

  Warning: inside `tf.vectorized_map` the tape must be inside as well. A tape
  outside raises a LookupError.
  """

  num_samples: int = 5

  @abc.abstractmethod
  def factor(self, weights: tf.Tensor) -> tf.Tensor:
    """Returns `[K, B]`, the coefficient of a path over its weight."""

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the K-sample bound."""
    draw_checks.samples(draw, self.num_samples)
    return surrogate(log_joint, posterior, draw, self.factor)


def surrogate(
  log_joint: types.LogJoint,
  posterior: posteriors.PosteriorLike,
  draw: types.Draw,
  factor: Callable[[tf.Tensor], tf.Tensor],
) -> types.Surrogate:
  """Returns the surrogate whose posterior gradient has the given factors.

  One backward pass through log_joint suffices, because the cotangent of each
  sample is multiplied by the factor on its way to the posterior. The score of
  the density is cut at the leaves, one for each stochastic layer, because the
  density of a layer also moves with the samples on which the layer is
  conditioned, and that movement belongs to the path.

  Args:
    log_joint: maps samples to `[K, B]`, differentiable in the samples.
    posterior: a reparameterized posterior.
    draw: samples with their gradient.
    factor: maps the normalized weights `[K, B]` to factors `[K, B]`.
  Raises:
    ValueError: if log_joint has no gradient in the samples of a layer.
  """
  posterior = posteriors.as_posterior(posterior)
  samples = draw.samples
  leaves = types.as_path(samples)
  scale = cotangents.CotangentScale()
  scaled = tf.nest.map_structure(scale, samples)
  log_q, scores = cotangents.value_and_leaf_gradients(
    lambda path: posterior.log_prob(posterior.pack(path)),
    leaves,
  )
  log_joint = lost_paths.differentiable(log_joint)
  log_p = checks.call_log_joint(log_joint, scaled, log_q)
  log_w = tf.stop_gradient(log_p) - log_q
  # Stopped here: the derivative of the softmax serves nobody, and XLA refuses
  # its transposition under a tape that is outside of a compiled loop.
  weights = tf.stop_gradient(tf.nn.softmax(log_w, axis=0))
  factors = tf.stop_gradient(factor(weights))
  scale.factor = factors
  # Serves model and prior as it stands, and the posterior through `scale`.
  carrier = log_weights_lib.weighted_sum(weights, log_p)
  for leaf, score in zip(leaves, scores, strict=True):
    dot = gradients.sum_event(score * leaf, sample_rank=2)
    carrier -= tf.reduce_sum(weights * factors * dot, axis=0)
  bound = log_weights_lib.log_mean_exp(log_w)
  return types.Surrogate(
    loss=gradients.with_estimate_of(-bound, -carrier),
    bound=bound,
    log_weights=log_w,
  )
