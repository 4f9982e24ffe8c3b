"""Values with the gradient of another tensor, and axes of events."""

import tensorflow as tf


def with_gradient_of(value: tf.Tensor, carrier: tf.Tensor) -> tf.Tensor:
  """Returns exactly `value`, with the gradient of `carrier`.

  Args:
    value: a tensor of any shape. Its own gradient is stopped.
    carrier: a tensor of the same shape. Where it is not finite the result is
      NaN, because a non-finite carrier less itself is NaN.
  """
  return tf.stop_gradient(value) + (carrier - tf.stop_gradient(carrier))


def expand_to_event(per_sample: tf.Tensor, event: tf.Tensor) -> tf.Tensor:
  """Returns `[..]` with axes of size 1 appended, to multiply `[.., D]`."""
  for _ in range(event.shape.rank - per_sample.shape.rank):
    per_sample = per_sample[..., tf.newaxis]
  return per_sample


def sum_event(per_dimension: tf.Tensor, sample_rank: int) -> tf.Tensor:
  """Returns the sum over all axes after the first `sample_rank`."""
  axes = list(range(sample_rank, per_dimension.shape.rank))
  return tf.reduce_sum(per_dimension, axis=axes) if axes else per_dimension
