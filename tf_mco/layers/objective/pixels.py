"""Pixels on their way in: mapped to [0, 1], checked, and binarized."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics

BINARIZATIONS = ('auto', 'dynamic', 'none')


def to_unit_interval(x: tf.Tensor, dtype: tf.DType | str) -> tf.Tensor:
  """Returns floating pixels: integers / 255, booleans as 0 and 1.

  Args:
    x: pixels. Floating pixels are returned as they are.
    dtype: the dtype of the result.
  """
  x = tf.convert_to_tensor(x)
  if x.dtype.is_integer:
    # A product is cheaper than a division, and 255 / 255 is still exactly 1.
    return tf.minimum(tf.cast(x, dtype) * (1 / 255), 1)
  return tf.cast(x, dtype)


def binarize(
  x: tf.Tensor, *, dtype: tf.DType | str, seed: types.Seed
) -> tf.Tensor:
  """Returns 1 with probability x, else 0, drawn anew for every seed.

  A floating number outside of [0, 1] gives NaN, so that no bound hides it.

  Args:
    x: bytes, whose probability is x / 255, or floating probabilities.
    dtype: the dtype of the result.
    seed: an integer or an int32 `[2]` tensor.
  """
  x = tf.convert_to_tensor(x)
  if x.dtype == tf.uint8:
    return _binarize_bytes(x, dtype, seed)
  x = to_unit_interval(x, dtype)
  words = random.words(tf.shape(x), dtype=x.dtype, seed=seed)
  ones = words < bernoulli_numerics.threshold_of_probability(x)
  nan = tf.constant(math.nan, x.dtype)
  return tf.where((x >= 0) & (x <= 1), tf.cast(ones, dtype), nan)


def _binarize_bytes(
  x: tf.Tensor, dtype: tf.DType | str, seed: types.Seed
) -> tf.Tensor:
  """Returns 1 where 16 random bits are below the threshold of the byte.

  The comparison of integers takes a third of the time of floats. The threshold
  is x / 255 * 2^16, rounded. It is exact for 0 and 255, and the probability is
  within 8e-6 of x / 255 between them.
  """
  size = tf.size(x)
  words = random.bits([(size + 1) // 2], seed=seed)
  low = tf.bitwise.bitwise_and(words, 0xFFFF)
  high = tf.bitwise.bitwise_and(tf.bitwise.right_shift(words, 16), 0xFFFF)
  draws = tf.reshape(tf.concat([low, high], 0)[:size], tf.shape(x))
  x = tf.cast(x, tf.int32)
  threshold = x * 257 + tf.bitwise.right_shift(x, 7)
  return tf.ensure_shape(tf.cast(draws < threshold, dtype), x.shape)


def invalid(x: tf.Tensor, support: str | None) -> tf.Tensor | None:
  """Returns whether any value cannot be scored; None if the dtype rules it out.

  Args:
    x: pixels as received, before `to_unit_interval`.
    support: 'binary' for values in [0, 1], 'real' for finite values. Integers
      are bytes for both.
  """
  x = tf.convert_to_tensor(x)
  if x.dtype in (tf.uint8, tf.bool):
    return None
  if x.dtype.is_integer:
    return tf.reduce_any((x < 0) | (x > 255))
  if support == 'binary':
    # The comparison is written such that NaN fails too.
    return ~tf.reduce_all((x >= 0) & (x <= 1))
  return ~tf.reduce_all(tf.math.is_finite(x))


def check(x: np.ndarray | tf.Tensor, support: str | None, where: str) -> None:
  """Raises ValueError if an array has a value that cannot be scored.

  Args:
    x: an array or an eager tensor.
    support: see `invalid`.
    where: the name of the array in the message.
  """
  array = np.asarray(x)
  if array.dtype.kind not in 'biuf':
    raise ValueError(
      f'Bad values in {where}: expected numbers. Received: {array.dtype}'
    )
  if not array.size:
    raise ValueError(f'No values in {where}: its shape is {array.shape}')
  low, high = array.min(), array.max()  # NaN if any value is
  if array.dtype.kind in 'iu':
    good = low >= 0 and high <= 255
    expected = 'integers to be pixels in 0..255 (cast other data to floating)'
  elif support != 'binary':
    good, expected = np.isfinite(low) and np.isfinite(high), 'finite values'
  else:
    good = low >= 0 and high <= 1
    expected = 'floating pixels in [0, 1], for a likelihood of binary data'
  if not good:
    nans = int(np.isnan(array).sum()) if array.dtype.kind == 'f' else 0
    raise ValueError(
      f'Bad values in {where}: expected {expected}. Received: '
      f'{array.dtype} values from {low} to {high}, {nans} of them NaN'
    )
