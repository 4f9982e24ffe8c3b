"""Gradients that flow through a sample, and not through its density."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.distributions import log_sample
from tf_mco.ops import gradients


class CotangentScale:
  """The identity, whose cotangent is multiplied by a factor given later.

  One backward pass then serves two groups: the model gets the gradient of
  sum_k wt[k] log p(x, z[k]), and through z the posterior gets the same times
  the factor. The factor depends on the weights, hence on what is computed from
  z: it is set after the forward pass and read in the backward pass.

  `tf.vectorized_map` drops every custom gradient of what it maps, this one too:
  where an estimate is mapped, the tape belongs inside of the mapped function.
  """

  def __init__(self) -> None:
    self.factor: tf.Tensor | None = None  # `[K, B]`

  def __call__(self, z: tf.Tensor) -> tf.Tensor:
    """Returns z, `[K, B, ...]`."""

    @tf.custom_gradient
    def identity(z: tf.Tensor) -> tuple[tf.Tensor, Callable]:
      def scale(upstream: tf.Tensor) -> tf.Tensor:
        return upstream * gradients.expand_to_event(self.factor, upstream)

      return tf.identity(z), scale

    return log_sample.like(identity(z), z)


def value_and_leaf_gradients(
  fn: Callable[[tuple[tf.Tensor, ...]], tf.Tensor],
  leaves: tuple[tf.Tensor, ...],
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
  """Returns `fn(leaves)`, `[K, B]`, and its gradient in every leaf.

  Args:
    fn: a function of the samples alone: whatever else it depends on is
      constant here. The k-th value depends on the k-th samples only.
    leaves: `[K, B, ...]` each, cut from what they were made of.
  """
  leaves = tuple(log_sample.stop_gradient(leaf) for leaf in leaves)
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(leaves)
    value = fn(leaves)
    total = tf.reduce_sum(value)
  found = tape.gradient(
    total, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  return tf.stop_gradient(value), tuple(tf.stop_gradient(g) for g in found)
