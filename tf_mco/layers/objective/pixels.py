"""Pixels on their way in: mapped to [0, 1], and binarized."""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics

BINARIZATIONS = ('auto', 'dynamic', 'none')


def to_unit_interval(
  x: tf.Tensor, pixel_range: tuple[float, float] | None, dtype: tf.DType | str
) -> tf.Tensor:
  """Returns floating numbers, in which black is 0 and white is 1.

  Args:
    x: numbers or booleans.
    pixel_range: the values of black and white; None for numbers that are
      returned as they are.
    dtype: the dtype of the result.
  """
  values = tf.cast(x, dtype)
  if pixel_range is None:
    return values
  low, high = pixel_range
  if (low, high) == (0, 255):
    # A product is cheaper than a division, and 255 / 255 is still exactly 1.
    return tf.minimum(values * (1 / 255), 1)
  return (values - low) / (high - low)


def binarize(x: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns 1 with probability x, else 0, drawn anew for every seed.

  A number outside of [0, 1] gives NaN, so that no bound hides it.

  Args:
    x: floating probabilities.
    seed: an integer or an int32 `[2]` tensor.
  """
  words = random.words(tf.shape(x), dtype=x.dtype, seed=seed)
  ones = words < bernoulli_numerics.threshold_of_probability(x)
  nan = tf.constant(math.nan, x.dtype)
  return tf.where((x >= 0) & (x <= 1), tf.cast(ones, x.dtype), nan)


def binarize_bytes(
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
