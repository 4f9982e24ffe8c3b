"""How an objective reads its observations: checked, scaled and binarized."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco.distributions import supports
from tf_mco.layers.objective import array_checks
from tf_mco.layers.objective import pixels
from tf_mco.layers.objective import reading as reading_lib


class ObservationReader:
  """Methods of an objective over its likelihood's support and its options.

  Attributes:
    binarization: 'auto', 'dynamic' or 'none'.
    pixel_range: 'auto', None, or the values of black and white.
    decided_pixel_range: What the first integers were, (0, 1) for bits or
      (0, 255) for pixels; None if there were none yet, or if `pixel_range` is
      not 'auto'. A configuration file keeps the decision.
  """

  binarization: str
  pixel_range: reading_lib.PixelRange
  decided_pixel_range: reading_lib.Range | None

  @property
  def support(self) -> str | None:
    """The name of the support of the likelihood; None if it is not known."""
    raise NotImplementedError

  @property
  def log_dtype(self) -> str:
    """The dtype of observations and log-weights, 'float32' or 'float64'."""
    raise NotImplementedError

  def reading(self, dtype: tf.DType) -> reading_lib.Reading:
    """Returns what numbers of this dtype mean to the likelihood.

    Raises:
      ValueError: for integers that may be bits or pixels.
    """
    explicit = self.pixel_range not in ('auto', None)
    pixel_range = self.pixel_range
    if pixel_range == 'auto':
      pixel_range = None
      if dtype.is_integer and self.support in reading_lib.OF_PIXELS:
        pixel_range = self.decided_pixel_range
        if pixel_range is None:
          raise ValueError(
            'Integers may be bits or pixels, and a compiled function cannot '
            'look. Expected `pixel_range=(0, 1)` or `pixel_range=(0, 255)` at '
            'the construction of the model or layer, or a call of '
            '`check_observations` with an array before. Received: '
            f'observations of {dtype.name}'
          )
    if dtype == tf.bool:  # booleans are bits, whatever white is in numbers
      explicit, pixel_range = False, None
    return reading_lib.Reading(
      self.support, pixel_range, explicit, self.log_dtype
    )

  def check_observations(
    self, x: np.ndarray | tf.Tensor, where: str = 'the observations'
  ) -> None:
    """Raises ValueError for observations that the likelihood cannot score.

    The first integers decide what integers mean, if `pixel_range` is 'auto'.

    Args:
      x: an array or an eager tensor, `[B, ...]`.
      where: the name of the array in the message.
    """
    array = array_checks.as_array(x, where)
    before = self.decided_pixel_range
    undecided = self.pixel_range == 'auto' and before is None
    of_pixels = self.support in reading_lib.OF_PIXELS
    if undecided and of_pixels and array.dtype.kind in 'iu':
      self.decided_pixel_range = reading_lib.of_integers(array)
    elif self.decided_pixel_range == reading_lib.BYTES:
      array_checks.refuse_bits(array, where)
    try:
      reading = self.reading(tf.as_dtype(array.dtype))
      array_checks.check(array, reading, where)
    except ValueError:
      self.decided_pixel_range = before
      raise

  def prepare(self, x: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
    """Returns observations as the model scores them: floating, binarized.

    Observations that are an array or an eager tensor are checked.
    """
    if array_checks.is_concrete(x):
      self.check_observations(x)
    x = tf.convert_to_tensor(x)
    reading = self.reading(x.dtype)
    dynamic = self.binarization == 'dynamic' or (
      self.binarization == 'auto' and self.support == supports.BINARY
    )
    if not dynamic:
      return reading.values(x)
    if reading.is_of_bytes(x):
      return pixels.binarize_bytes(x, dtype=self.log_dtype, seed=seed)
    if reading.pixel_range is None:
      # `binarize` itself makes NaN of what is not in [0, 1].
      return pixels.binarize(tf.cast(x, self.log_dtype), seed=seed)
    return pixels.binarize(reading.values(x), seed=seed)

  def read(self, x: tf.Tensor) -> tf.Tensor:
    """Returns observations as floating numbers; grey pixels remain grey.

    Observations that are an array or an eager tensor are checked.
    """
    if array_checks.is_concrete(x):
      self.check_observations(x)
    x = tf.convert_to_tensor(x)
    return self.reading(x.dtype).values(x)

  def expected_observations(self) -> str:
    """Returns what the likelihood can score, in words for an error."""
    readings = [self.reading(tf.float32).expected(integers=False)]
    if self.decided_pixel_range is not None:
      readings.append(self.reading(tf.int32).expected(integers=True))
    return '; or '.join(readings)

  def invalid(self, x: tf.Tensor) -> tf.Tensor | None:
    """Returns whether any observation cannot be scored; None for surely not."""
    return self.reading(x.dtype).invalid(x)

  def nan_where_invalid(self, result: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Returns `[B, ...]` results, NaN for examples that cannot be scored.

    A compiled function cannot raise an error, therefore a density that scores
    impossible observations must not pass for a result.

    Args:
      result: floating, one row for each example.
      x: the observations, as given to `prepare`.
    """
    x = tf.convert_to_tensor(x)
    good = self.reading(x.dtype).valid_rows(x)
    if good is None:
      return result
    good = tf.reshape(good, [-1] + [1] * (result.shape.rank - 1))
    return tf.where(good, result, tf.constant(math.nan, result.dtype))
