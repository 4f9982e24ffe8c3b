"""Custom gradients, values with another tensor's gradient, axes of events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import TypeAlias

import tensorflow as tf

# Upstream gradients to downstream ones, which may be None.
Backward: TypeAlias = Callable[..., object]
# What a function with a custom gradient returns: its value, and the gradient.
Value: TypeAlias = tf.Tensor | tuple[tf.Tensor, ...]


def custom_gradient(
  fn: Callable[..., tuple[Value, Backward]],
) -> Callable[..., Value]:
  """Decorates `fn` like `tf.custom_gradient`, and bars every other gradient.

  `tf.vectorized_map` keeps the operations of the function that it maps and
  drops their custom gradients, and forward mode within a graph does so, too.
  The gradient that would then be taken is that of the operations, a plausible
  wrong number. A value that is made here has no such gradient: asking for it
  raises a LookupError.

  Args:
    fn: maps tensors to a value and to a function of the upstream gradient. The
      custom gradient of `fn` may be differentiable itself.
  Returns:
    A function that maps tensors to the value. A tape around the function is
    right eagerly, in graphs, compiled, in loops and inside of
    `tf.vectorized_map`, and so is forward mode in eager execution. A tape
    outside of `tf.vectorized_map` gets the LookupError.

  #### Example

  >>> @custom_gradient
  ... def clipped(x):
  ...   return tf.clip_by_value(x, 0.0, 1.0), lambda upstream: upstream
  >>> x = tf.constant([0.5, 2.0])
  >>> with tf.GradientTape() as tape:
  ...   tape.watch(x)
  ...   y = clipped(x)
  >>> print(y.numpy().tolist(), tape.gradient(y, x).numpy().tolist())
  [0.5, 1.0] [1.0, 1.0]
  """

  @tf.custom_gradient  # noqa: TID251
  @functools.wraps(fn)
  def barred(*inputs: tf.Tensor) -> tuple[Value, Backward]:
    value, backward = fn(*inputs)
    return _bar(value, inputs), backward

  return barred


def _bar(value: Value, inputs: Sequence[tf.Tensor]) -> Value:
  """Returns `value`, whose own derivative in the inputs is an error."""
  if tf.executing_eagerly():
    # Nothing drops a custom gradient here. Forward mode, which calls the custom
    # gradient afterwards, would meet the error of the graph below.
    return tf.nest.map_structure(tf.stop_gradient, value)
  values = tf.nest.flatten(value)
  # A value that is a constant of the operations, such as a sample of a random
  # number generator, depends on the inputs from here on, so that its derivative
  # is asked for, and not silently zero.
  floating = [tensor for tensor in inputs if tensor.dtype.is_floating]
  tied = tf.identity_n([*values, *floating])[: len(values)]
  message = (
    'a custom gradient was lost on the way. Under tf.vectorized_map, put the '
    'tape inside of the mapped function (Received: a tape outside of it), or '
    'use tf.map_fn. In forward mode within a graph, use a tf.GradientTape'
  )
  barred = [
    tf.raw_ops.PreventGradient(input=tensor, message=message) for tensor in tied
  ]
  return tf.nest.pack_sequence_as(value, barred)


def with_gradient_of(value: tf.Tensor, carrier: tf.Tensor) -> tf.Tensor:
  """Returns exactly `value`, with the gradient of `carrier`.

  Args:
    value: a tensor of any shape. Its own gradient is stopped.
    carrier: a tensor of the same shape. Where it is not finite the result is
      NaN, because a non-finite carrier less itself is NaN.
  """
  return tf.stop_gradient(value) + (carrier - tf.stop_gradient(carrier))


def with_estimate_of(value: tf.Tensor, carrier: tf.Tensor) -> tf.Tensor:
  """Returns exactly `value`, with the first-order gradient of `carrier`.

  The coefficients in a carrier (weights, signals, scores) are constants of the
  first gradient, although they depend on the parameters. The derivative of that
  gradient is therefore no estimate of a second derivative, and asking for it
  raises a LookupError.

  Args:
    value: a tensor of any shape. Its own gradient is stopped.
    carrier: a tensor of the same shape. Its gradient is the estimate.
  """
  return with_gradient_of(value, _first_order(carrier))


@custom_gradient
def _first_order(carrier: tf.Tensor) -> tuple[tf.Tensor, Backward]:
  """Returns `carrier`, whose gradient cannot be differentiated again."""

  def backward(upstream: tf.Tensor) -> tf.Tensor:
    # The gradient depends on the parameters through the carrier from here on,
    # so that whoever differentiates it meets the error. There is no branch of
    # the graph in a first gradient, which costs what it did.
    blocked = tf.raw_ops.PreventGradient(
      input=carrier,
      message='the second derivative of this estimator is not implemented, '
      'because its coefficients are constants of the first. Neither is forward '
      'mode outside of a tf.function. Expected: one tf.GradientTape, or an '
      'estimator of an attached bound (elbo, iwae, ciwae, renyi, miwae)',
    )
    return tf.identity_n([upstream, blocked])[0]

  return carrier, backward


def expand_to_event(per_sample: tf.Tensor, event: tf.Tensor) -> tf.Tensor:
  """Returns `[..]` with axes of size 1 appended, to multiply `[.., D]`."""
  for _ in range(event.shape.rank - per_sample.shape.rank):
    per_sample = per_sample[..., tf.newaxis]
  return per_sample


def sum_event(per_dimension: tf.Tensor, sample_rank: int) -> tf.Tensor:
  """Returns the sum over all axes after the first `sample_rank`."""
  axes = list(range(sample_rank, per_dimension.shape.rank))
  return tf.reduce_sum(per_dimension, axis=axes) if axes else per_dimension
