"""What posteriors of positive parameters share: softplus, floor, clipping."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco.layers.heads import head
from tf_mco.ops import checks


def check_clip(clip: Any) -> tuple[float, float] | None:
  """Returns the bounds as a pair of floats; None for none.

  Raises:
    ValueError: unless 0 < low < high.
  """
  if clip is None:
    return None
  pair = tuple(clip) if isinstance(clip, (list, tuple)) else ()
  numbers = [v for v in pair if isinstance(v, (int, float))]
  if len(pair) != 2 or len(numbers) != 2 or not 0 < pair[0] < pair[1]:
    raise ValueError(
      '`clip` must be a pair of numbers, 0 < low < high, or None. Received: '
      f'clip={clip!r}'
    )
  return float(pair[0]), float(pair[1])


def clipped(value: tf.Tensor, clip: tuple[float, float] | None) -> tf.Tensor:
  """Returns the value within the bounds; no gradient where it was outside."""
  return value if clip is None else tf.clip_by_value(value, *clip)


class PositiveHead(head.DenseHead):
  """Features to positive parameters, softplus of a dense layer and a floor.

  The parameter tensor holds the parameters of the distribution themselves, in
  float32 under half precision.
  """

  def __init__(
    self,
    units: int | None = None,
    *,
    minimum: float = 1e-3,
    clip: Any = None,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D; see `DenseHead`.
      minimum: a floor added to each softplus, >= 0: it bounds the parameter
        and lets every gradient through.
      clip: optional pair (low, high) to which the parameters are clipped, as
        the original topic model has it with (1e-3, 1e3). A clipped one has no
        gradient.
      **kwargs: of `DenseHead`.
    Raises:
      ValueError: for bad bounds, or none: softplus underflows to 0.
    """
    super().__init__(units, **kwargs)
    checks.in_interval('minimum', minimum, 0, 1e30)
    self.minimum = minimum
    self.clip = check_clip(clip)
    if not minimum and self.clip is None:
      raise ValueError(
        '`minimum` must be positive unless `clip` bounds the parameters. '
        f'Received: minimum={minimum!r}, clip=None'
      )

  def build(self, input_shape: Any) -> None:
    """Makes the weights; checks features that are to be the parameters."""
    width = input_shape[-1]
    if self.units is None and width and width % self.num_features:
      raise ValueError(
        'Without `units` the last axis of the features must be a multiple of '
        f'{self.num_features}. Received: {tuple(input_shape)}'
      )
    super().build(input_shape)

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns valid parameters, `[B, D * num_parameters]`."""
    raw = super().call(features)
    if raw.dtype in (tf.float16, tf.bfloat16):
      raw = tf.cast(raw, tf.float32)
    return self.valid(raw)

  def valid(self, raw: tf.Tensor) -> tf.Tensor:
    """Returns parameters in their range, from any numbers."""
    return self.positive(raw)

  def positive(self, raw: tf.Tensor) -> tf.Tensor:
    """Returns positive numbers above the floor and within the bounds."""
    return clipped(tf.math.softplus(raw) + self.minimum, self.clip)

  def compute_output_spec(self, features: Any) -> Any:
    """Returns the spec of the parameters, never in half precision."""
    dtype = 'float64' if self.compute_dtype == 'float64' else 'float32'
    shape = self.compute_output_shape(features.shape)
    return keras.KerasTensor(shape, dtype=dtype)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = {'minimum': self.minimum, 'clip': self.clip}
    return {**super().get_config(), **config}
