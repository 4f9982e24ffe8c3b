"""Losses whose value is one tensor and whose gradient is another's."""

import tensorflow as tf


def with_gradient_of(value: tf.Tensor, carrier: tf.Tensor) -> tf.Tensor:
  """Returns exactly `value`, with the gradient of `carrier`.

  Args:
    value: any shape; its own gradient is stopped.
    carrier: the same shape, finite: where it is not, the result is NaN.
  """
  return tf.stop_gradient(value) + (carrier - tf.stop_gradient(carrier))


def expand_to_event(per_sample: tf.Tensor, event: tf.Tensor) -> tf.Tensor:
  """Appends axes of size 1, so that `[..]` broadcasts against `[.., D]`."""
  for _ in range(event.shape.rank - per_sample.shape.rank):
    per_sample = per_sample[..., tf.newaxis]
  return per_sample


def sum_event(per_dimension: tf.Tensor, sample_rank: int) -> tf.Tensor:
  """Sums all axes after the first `sample_rank`."""
  axes = list(range(sample_rank, per_dimension.shape.rank))
  return tf.reduce_sum(per_dimension, axis=axes) if axes else per_dimension
