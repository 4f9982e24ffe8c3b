"""Batches of images as a pure function of (seed, step).

Keras restores neither the order nor the position of a shuffled data set. In
this module both follow from the step, so that a run that is taken up sees the
same batches as an uninterrupted run.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

# tf.random.experimental.index_shuffle stops after 4 rounds of its cipher, when
# successive orders of 50,000 examples correlate at 0.67. After 12 rounds they
# cannot be told from random orders. The raw op also takes a seed per element,
# which the function does not.
_ROUNDS = 12
# The salt keeps the permutations apart from other draws of the same seed.
_SALT = 0x62617463
_MAX_SEED = 2**32 - 1
_PREFETCH = 8


def training_batches(
  images: np.ndarray,
  *,
  batch_size: int,
  seed: int,
  first_step: int,
  num_steps: int,
) -> tf.data.Dataset:
  """Returns the batches of steps `first_step` to `first_step + num_steps - 1`.

  Examples are numbered through all epochs. Step t takes the examples from
  number `t * batch_size` on. It crosses the border of two epochs if
  `batch_size` does not divide N. Each epoch is another permutation of all N
  examples.

  Args:
    images: `uint8 [N, D]`. Iterators share the array and do not copy it.
    batch_size: examples per batch.
    seed: from 0 to 2**32 - 1. It chooses the permutations.
    first_step: the number of steps that ran before.
    num_steps: the number of batches.
  Returns:
    A data set of `num_steps` tensors `uint8 [batch_size, D]`.
  Raises:
    ValueError: if an argument is out of its range.
  """
  _check_images(images)
  source = _on_cpu(images)

  def gather(indices: tf.Tensor) -> tf.Tensor:
    shape = [batch_size, images.shape[1]]
    return tf.ensure_shape(tf.gather(source, indices), shape)

  return gathered_batches(
    gather,
    len(images),
    batch_size=batch_size,
    seed=seed,
    first_step=first_step,
    num_steps=num_steps,
  )


def gathered_batches(
  gather: Callable[[tf.Tensor], tf.Tensor],
  num_examples: int,
  *,
  batch_size: int,
  seed: int,
  first_step: int,
  num_steps: int,
) -> tf.data.Dataset:
  """Returns the batches of steps for data of any kind; see `training_batches`.

  Args:
    gather: a function from int64 `[batch_size]` indices of examples to their
      batch.
    num_examples: N.
    batch_size: examples per batch.
    seed: chooses the permutations.
    first_step: the number of steps that ran before.
    num_steps: the number of batches.
  """
  _check_range('num_examples', num_examples, 1)
  _check_range('batch_size', batch_size, 1)
  _check_range('seed', seed, 0, _MAX_SEED)
  _check_range('first_step', first_step, 0)
  _check_range('num_steps', num_steps, 1)

  def batch(step: tf.Tensor) -> tf.Tensor:
    number = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    return gather(_shuffled(number, num_examples, seed))

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


def _shuffled(number: tf.Tensor, num_examples: int, seed: int) -> tf.Tensor:
  """Maps int64 `[B]` numbers of presentations to indices of examples."""
  epoch = number // num_examples
  one = tf.ones_like(epoch)
  return tf.raw_ops.RandomIndexShuffle(
    index=number - epoch * num_examples,
    seed=tf.stack([seed * one, epoch, _SALT * one], axis=1),
    max_index=tf.constant(num_examples - 1, tf.int64),
    rounds=_ROUNDS,
  )


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
