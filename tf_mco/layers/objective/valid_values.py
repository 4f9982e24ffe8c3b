"""Whether values lie in the support of a likelihood, as TensorFlow sees them.

The density of a distribution scores most values outside of its support without
a complaint. These checks find the values before a plausible number is made of
them. They run in compiled steps and on arrays alike.
"""

from __future__ import annotations

from collections.abc import Callable
import math

import tensorflow as tf

from tf_mco.distributions import supports

# Angles and sums may be off by rounding in float32, but not by more.
_ANGLE_TOLERANCE = 1e-6
_SUM_TOLERANCE = 1e-4
# Half precision has hardly more than three digits.
_HALF_SUM_TOLERANCE = 1e-2


def valid(
  x: tf.Tensor, support: str | None, dtype: tf.DType | str
) -> tf.Tensor:
  """Returns which values can be scored, as booleans that broadcast against x.

  Args:
    x: Numbers or booleans, `[B, ...]`.
    support: The name of a support of `tf_mco.distributions.support_of`. Bits
      may be any number in [0, 1], because a grey pixel is the probability of a
      bit. None, and an interval whose bounds are unknown, admit all finite
      numbers.
    dtype: The floating dtype in which the likelihood scores the values. A
      number that overflows this dtype, or a whole number that loses its last
      digits in it, cannot be scored.
  Returns:
    A boolean tensor. For supports that are sets of vectors the last axis has
    size 1.
  """
  values = tf.cast(x, dtype)
  good = _CHECKS.get(support or '', tf.math.is_finite)(values)
  if support in (supports.COUNT, supports.CATEGORICAL):
    good &= _keeps_its_digits(x, values)
  if support in (supports.SIMPLEX, supports.ONE_HOT) and x.shape.rank != 1:
    good = tf.reduce_all(good, axis=-1, keepdims=True)
    good &= _sums_to_one(values, x.dtype)
  return good


def reduce_to_rows(good: tf.Tensor) -> tf.Tensor:
  """Returns for each example whether all of its values are good, `[B]`."""
  return tf.reduce_all(good, axis=list(range(1, good.shape.rank)))


def _in_unit_interval(x: tf.Tensor) -> tf.Tensor:
  # All comparisons here are written such that NaN fails them.
  return (x >= 0) & (x <= 1)


def _positive(x: tf.Tensor) -> tf.Tensor:
  return (x > 0) & tf.math.is_finite(x)


def _whole(x: tf.Tensor) -> tf.Tensor:
  return (x >= 0) & (tf.floor(x) == x) & tf.math.is_finite(x)


def _proportion(x: tf.Tensor) -> tf.Tensor:
  return (x >= 0) & tf.math.is_finite(x)


def _angle(x: tf.Tensor) -> tf.Tensor:
  return tf.abs(x) <= math.pi + _ANGLE_TOLERANCE


def _bit(x: tf.Tensor) -> tf.Tensor:
  return (x == 0) | (x == 1)


_CHECKS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
  supports.BINARY: _in_unit_interval,
  supports.UNIT_INTERVAL: _in_unit_interval,
  supports.POSITIVE: _positive,
  supports.COUNT: _whole,
  supports.CATEGORICAL: _whole,
  supports.SIMPLEX: _proportion,
  supports.ONE_HOT: _bit,
  supports.CIRCLE: _angle,
}


def _keeps_its_digits(x: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
  """Returns whether whole numbers are the same in the dtype of `values`."""
  if x.dtype.size < values.dtype.size or x.dtype in (values.dtype, tf.bool):
    return tf.ones_like(values, tf.bool)
  return tf.cast(values, x.dtype) == x


def _sums_to_one(values: tf.Tensor, source: tf.DType) -> tf.Tensor:
  half = source in (tf.float16, tf.bfloat16)
  tolerance = _HALF_SUM_TOLERANCE if half else _SUM_TOLERANCE
  total = tf.reduce_sum(values, axis=-1, keepdims=True)
  return tf.abs(total - 1) <= tolerance
