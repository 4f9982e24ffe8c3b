"""Gradients through a sample: scaled on their way, or cut at the sample."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.distributions import sample_memory
from tf_mco.ops import gradients


class CotangentScale:
  """The identity, whose cotangent is multiplied by a factor given later.

  One backward pass then serves two groups of parameters. The model gets the
  gradient of sum_k wt[k] log p(x, z[k]); through z the posterior gets the same
  gradient times the factor. The factor depends on the weights, which are
  computed from z. The factor is therefore set after the forward pass, and read
  in the backward pass.

  Warning: forward mode asks for the derivative before the factor is known, and
  `tf.vectorized_map` drops the custom gradient where the tape is outside of the
  mapped function. Both raise a LookupError.
  """

  def __init__(self) -> None:
    self.factor: tf.Tensor | None = None  # `[K, B]`

  def __call__(self, z: tf.Tensor) -> tf.Tensor:
    """Returns z, `[K, B, ...]`."""

    @gradients.custom_gradient
    def identity(z: tf.Tensor) -> tuple[tf.Tensor, Callable]:
      def scale(upstream: tf.Tensor) -> tf.Tensor:
        if self.factor is None:
          raise LookupError(
            'This estimator has no forward-mode derivative, because its '
            'factors follow from the weights of all samples. Expected: a '
            'tf.GradientTape. Received: a derivative before the estimate is '
            'complete, such as that of a ForwardAccumulator'
          )
        return upstream * gradients.expand_to_event(self.factor, upstream)

      return z, scale

    return sample_memory.like(identity(z), z)


def value_and_leaf_gradients(
  fn: Callable[[tuple[tf.Tensor, ...]], tf.Tensor],
  leaves: tuple[tf.Tensor, ...],
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
  """Returns `fn(leaves)`, `[K, B]`, and its gradient in every leaf.

  Args:
    fn: a function of the samples. Everything else on which the function depends
      is constant here. The k-th value depends on the k-th samples only.
    leaves: `[K, B, ...]` each. The gradient stops at the leaves.
  """
  leaves = tuple(sample_memory.stop_gradient(leaf) for leaf in leaves)
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(leaves)
    value = fn(leaves)
    total = tf.reduce_sum(value)
  leaf_gradients = tape.gradient(
    total, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO
  )
  return tf.stop_gradient(value), tuple(map(tf.stop_gradient, leaf_gradients))
