"""Batches of data as a pure function of (seed, step).

Keras restores neither the order nor the position of a shuffled data set. In
this module both follow from the step, so that a run that is taken up sees the
same batches as an uninterrupted run.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_mco.models.array_training import order

_MAX_SEED = 2**32 - 1
_PREFETCH = 8


def gathered_batches(
  gather: Callable[[tf.Tensor], tf.Tensor],
  num_examples: int,
  *,
  batch_size: int,
  seed: int,
  first_step: int,
  num_steps: int,
) -> tf.data.Dataset:
  """Returns the batches of steps `first_step` to `first_step + num_steps - 1`.

  The order is that in which `fit` visits an array; see
  `array_training.order.Order`. A batch crosses the border of two passes if
  `batch_size` does not divide N.

  Args:
    gather: a function from int64 `[batch_size]` indices of examples to their
      batch.
    num_examples: N.
    batch_size: examples per batch.
    seed: from 0 to 2**32 - 1. It chooses the permutations.
    first_step: the number of steps that ran before.
    num_steps: the number of batches.
  Raises:
    ValueError: if an argument is out of its range.
  """
  _check_range('num_examples', num_examples, 1)
  _check_range('batch_size', batch_size, 1)
  _check_range('seed', seed, 0, _MAX_SEED)
  _check_range('first_step', first_step, 0)
  _check_range('num_steps', num_steps, 1)
  examples = order.Order(
    num_examples, batch_size, shuffle=True, seed=seed, steps_per_epoch=num_steps
  )

  def batch(step: tf.Tensor) -> tf.Tensor:
    zero = tf.zeros([], tf.int64)
    return gather(examples.examples(zero, step[tf.newaxis])[0])

  steps = tf.data.Dataset.range(first_step, first_step + num_steps)
  return steps.map(batch).prefetch(_PREFETCH)


def evaluation_batches(images: np.ndarray, batch_size: int) -> tf.data.Dataset:
  """Returns all images once, in their order.

  Args:
    images: `uint8 [N, D]`.
    batch_size: examples per batch. The last batch may have fewer.
  Returns:
    A data set of tensors `uint8 [batch_size, D]`. The first dimension is static
    if `batch_size` divides N.
  """
  _check_images(images)
  _check_range('batch_size', batch_size, 1)
  num_examples, width = images.shape
  static_size = None if num_examples % batch_size else batch_size
  source = _on_cpu(images)

  def batch(start: tf.Tensor) -> tf.Tensor:
    rows = source[start : start + batch_size]
    return tf.ensure_shape(rows, [static_size, width])

  starts = tf.data.Dataset.range(0, num_examples, batch_size)
  return starts.map(batch).prefetch(_PREFETCH)


def _on_cpu(images: np.ndarray) -> tf.Tensor:
  # tf.data runs on the CPU. TensorFlow would put the constant on a GPU.
  with tf.device('CPU:0'):
    return tf.constant(images)


def _check_images(images: np.ndarray) -> None:
  if not isinstance(images, np.ndarray) or np.ma.isMaskedArray(images):
    received = type(images).__name__
  elif images.dtype != np.uint8 or images.ndim != 2 or not images.size:
    received = f'{images.dtype} {images.shape}'
  else:
    return
  raise ValueError(
    'Expected an array of images, of type uint8 and shape [N, D], N and D at '
    f'least 1. Received: {received}'
  )


def _check_range(
  name: str, value: int, low: int, high: int | None = None
) -> None:
  whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
  if not whole or value < low or (high is not None and value > high):
    expected = f'at least {low}' if high is None else f'{low} to {high}'
    raise ValueError(
      f'Expected {name} as an integer, {expected}. Received: {name}={value!r}'
    )
