"""What the numbers of an array mean: the support of the likelihood decides.

Pixels are mapped to [0, 1] for likelihoods of bits and of the unit interval,
and for no other: an integer is a count, a code or a measurement to the others.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco.distributions import supports
from tf_mco.layers.objective import pixels
from tf_mco.layers.objective import valid_values

# The values that black and white have in an array.
Range: TypeAlias = tuple[float, float]
# 'auto', None for values in [0, 1], or the range of the values.
PixelRange: TypeAlias = Literal['auto'] | Range | None

BITS: Range = (0, 1)
BYTES: Range = (0, 255)
# The supports whose observations may be pixels.
OF_PIXELS = (supports.BINARY, supports.UNIT_INTERVAL)


class Reading(NamedTuple):
  """How a likelihood reads numbers of one dtype.

  Attributes:
    support: The support of the likelihood, or None if it is not known.
    pixel_range: The values that are mapped to 0 and 1. None says that the
      values are taken as they are.
    explicit: Whether the user gave the range, rather than the first integers.
    dtype: The floating dtype in which the likelihood scores.
  """

  support: str | None
  pixel_range: Range | None
  explicit: bool
  dtype: str

  def values(self, x: tf.Tensor) -> tf.Tensor:
    """Returns floating values; a pixel that is out of range is NaN.

    Args:
      x: Numbers or booleans, `[B, ...]`.
    """
    values = pixels.to_unit_interval(x, self.pixel_range, self.dtype)
    good = self.valid(x) if self.support in OF_PIXELS else None
    if good is None:
      return values
    return tf.where(good, values, tf.constant(math.nan, values.dtype))

  def valid(self, x: tf.Tensor) -> tf.Tensor | None:
    """Returns which values can be scored; None if the dtype says that all can.

    Args:
      x: Numbers or booleans, `[B, ...]`.
    Returns:
      A boolean tensor that broadcasts against x.
    """
    if self.cannot_be_bad(x.dtype):
      return None
    if self.pixel_range is None:
      return valid_values.valid(x, self.support, self.dtype)
    low, high = self.pixel_range
    values = tf.cast(x, self.dtype)
    return (values >= low) & (values <= high)

  def valid_rows(self, x: tf.Tensor) -> tf.Tensor | None:
    """Returns which examples can be scored, `[B]`; None as `valid` does."""
    good = self.valid(x)
    return None if good is None else valid_values.reduce_to_rows(good)

  def invalid(self, x: tf.Tensor) -> tf.Tensor | None:
    """Returns whether any value cannot be scored; None as `valid` does."""
    good = self.valid(x)
    return None if good is None else ~tf.reduce_all(good)

  def cannot_be_bad(self, dtype: tf.DType) -> bool:
    """Returns whether every value of a dtype can be scored."""
    if dtype == tf.bool:
      return self.support in (*OF_PIXELS, supports.REAL, supports.COUNT)
    if dtype != tf.uint8:
      return False
    if self.pixel_range is not None:
      low, high = self.pixel_range
      return low <= 0 and high >= 255
    return self.support in (supports.REAL, supports.COUNT)

  def is_of_bytes(self, x: tf.Tensor) -> bool:
    """Returns whether x holds pixels that are bytes."""
    return x.dtype == tf.uint8 and self.pixel_range == BYTES

  def expected(self, *, integers: bool) -> str:
    """Returns the values that this reading takes, in words for an error.

    Args:
      integers: Whether the values are integers.
    """
    if self.pixel_range is not None:
      low, high = self.pixel_range
      if self.explicit:
        return f'values in [{low}, {high}], the `pixel_range` of the model'
      if self.pixel_range == BITS:
        return (
          'integers that are 0 or 1, because the first integers that the model '
          'received were bits (pass pixel_range=(0, 255) for pixels)'
        )
      return (
        'integers that are pixels in 0..255 (pass pixel_range=(low, high) for '
        'other pixels)'
      )
    if self.support in OF_PIXELS and not integers:
      return (
        'bits, or floating pixels in [0, 1] (pass pixel_range=(low, high) for '
        'other pixels)'
      )
    return _EXPECTED.get(self.support or '', 'finite values')


_EXPECTED = {
  supports.BINARY: 'values in [0, 1]',
  supports.UNIT_INTERVAL: 'values in [0, 1]',
  supports.POSITIVE: 'positive finite values',
  supports.COUNT: (
    'counts, which are 0, 1, 2 and so on (float32 holds them up to 2^24, and '
    "a model of dtype='float64' holds larger ones)"
  ),
  supports.CATEGORICAL: 'indices of classes, which are 0, 1, 2 and so on',
  supports.SIMPLEX: 'non-negative values whose sum along the last axis is 1',
  supports.ONE_HOT: 'vectors of zeros and a single 1',
  supports.CIRCLE: 'angles in [-pi, pi], in radians',
}


def of_integers(array: np.ndarray) -> Range:
  """Returns whether the first integers of a model are bits or bytes."""
  return BITS if 0 <= array.min() and array.max() <= 1 else BYTES


def check_pixel_range(pixel_range: PixelRange, support: str | None) -> None:
  """Raises ValueError for a `pixel_range` that the likelihood has no use for.

  Args:
    pixel_range: As the user gave it.
    support: Of the likelihood, or None if it is not known yet.
  """
  if pixel_range is None or pixel_range == 'auto':
    return
  pair = isinstance(pixel_range, (tuple, list)) and len(pixel_range) == 2
  if not pair or not all(map(_is_number, pixel_range)):
    good = False
  else:
    good = pixel_range[0] < pixel_range[1]
  if not good:
    raise ValueError(
      "`pixel_range` must be 'auto', None, or a pair (low, high) of finite "
      f'numbers with low < high. Received: pixel_range={pixel_range!r}'
    )
  if support not in (None, *OF_PIXELS):
    raise ValueError(
      "`pixel_range` must be 'auto' or None for a likelihood that does not "
      "score pixels; its support must be 'binary' or 'unit_interval' to have a "
      f'range. Received: pixel_range={pixel_range!r} with support {support!r}'
    )


def _is_number(value: object) -> bool:
  if isinstance(value, (bool, np.bool_)):
    return False
  if not isinstance(value, (int, float, np.integer, np.floating)):
    return False
  return math.isfinite(value)
