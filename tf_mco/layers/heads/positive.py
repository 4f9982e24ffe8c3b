"""The bases of heads and priors with positive parameters.

A positive parameter is the softplus of a number of any sign. The floor under
the parameters and the bounds that clip them are options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from tf_mco.layers.heads import head
from tf_mco.ops import checks

# The bounds to which parameters are clipped, (low, high).
Bounds: TypeAlias = Sequence[float]
# One number for all dimensions, or one for each.
Values: TypeAlias = float | Sequence[float] | np.ndarray

# The ways in which samples of Beta and Dirichlet follow their concentrations;
# see `distributions.Beta`.
GRADIENTS = ('ratio', 'cdf')


def check_clip(clip: Bounds | None) -> tuple[float, float] | None:
  """Returns the bounds as a pair of floats, and None if there are none.

  Raises:
    ValueError: Unless 0 < low < high.
  """
  if clip is None:
    return None
  pair = tuple(clip) if isinstance(clip, (list, tuple, np.ndarray)) else ()
  numbers = [v for v in pair if np.asarray(v).dtype.kind in 'iuf']
  ordered = len(pair) == len(numbers) == 2 and 0 < pair[0] < pair[1] < np.inf
  if not ordered:
    raise ValueError(
      '`clip` must be a pair of numbers, 0 < low < high, or None. Received: '
      f'clip={clip!r}'
    )
  return float(pair[0]), float(pair[1])


def clipped(value: tf.Tensor, clip: tuple[float, float] | None) -> tf.Tensor:
  """Returns the value within the bounds.

  No gradient flows where the value was outside of the bounds.
  """
  return value if clip is None else tf.clip_by_value(value, *clip)


class PositiveHead(head.DenseHead):
  """Maps features to a distribution with positive parameters.

  Each parameter is

    parameter = softplus(features @ kernel + bias) + minimum,

  clipped to the bounds `clip`, if there are any. The parameter tensor holds
  these positive numbers themselves, in float32 under half precision.
  """

  def __init__(
    self,
    units: int | None = None,
    *,
    minimum: float = 1e-3,
    clip: Bounds | None = None,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of dimensions; see `DenseHead`.
      minimum: A floor, >= 0, that is added to each softplus. The floor bounds
        the parameter from below and lets every gradient through.
      clip: Optional pair (low, high) to which the parameters are clipped. The
        original topic model clips to (1e-3, 1e3). A parameter that is clipped
        has no gradient.
      **kwargs: Arguments of `DenseHead`.
    Raises:
      ValueError: For bad bounds, and if there is neither a floor nor bounds,
        because softplus underflows to 0, which is no valid parameter.
    """
    super().__init__(units, **kwargs)
    minimum = checks.in_interval('minimum', minimum, 0, 1e30)
    self.minimum = minimum
    self.clip = check_clip(clip)
    if not minimum and self.clip is None:
      raise ValueError(
        '`minimum` must be positive unless `clip` bounds the parameters. '
        f'Received: minimum={minimum!r}, clip=None'
      )

  def build(self, input_shape: head.Shape) -> None:
    """Makes the weights, and checks features that are to be the parameters."""
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
    """Returns parameters in their range, from numbers of any sign."""
    return self.positive(raw)

  def positive(self, raw: tf.Tensor) -> tf.Tensor:
    """Returns positive numbers above the floor and within the bounds."""
    return clipped(tf.math.softplus(raw) + self.minimum, self.clip)

  def compute_output_spec(
    self, features: keras.KerasTensor
  ) -> keras.KerasTensor:
    """Returns the spec of the parameters, which are never in half precision."""
    return keras.KerasTensor(
      self.compute_output_shape(features.shape),
      dtype=head.full_precision(self.compute_dtype),
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = {'minimum': self.minimum, 'clip': self.clip}
    return {**super().get_config(), **config}


class PositivePrior(keras.layers.Layer):
  """A prior of D variables whose parameters are fixed or learned.

  Learned parameters are the softplus of trainable numbers and start at the
  given values. Setting `trainable = False` freezes them.
  """

  # The names of the parameters that may have any sign; they are trained as
  # they are, without softplus.
  real_parameters: ClassVar[tuple[str, ...]] = ()

  def __init__(
    self,
    units: int,
    values: Mapping[str, Values],
    *,
    learned: bool = False,
    clip: Bounds | None = None,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of variables.
      values: The value of each parameter by its name, a number or D of them.
        The rows of the trainable weight are in this order.
      learned: Whether the parameters are trained.
      clip: Optional bounds of learned parameters; see `PositiveHead`.
      **kwargs: Arguments of `keras.layers.Layer`.
    """
    super().__init__(**kwargs)
    units = checks.at_least('units', units, 1)
    learned = checks.boolean('learned', learned)
    self.units, self.learned = units, learned
    self.clip = check_clip(clip)
    self.values = {
      name: self._checked(name, value) for name, value in values.items()
    }
    self.raw: keras.Variable | None = None

  def _checked(self, name: str, value: Values) -> float | list[float]:
    try:
      array = np.asarray(value)
    except ValueError:  # a ragged list
      array = np.empty([0])
    good = array.dtype.kind in 'if' and array.shape in ((), (self.units,))
    lowest = -np.inf if name in self.real_parameters else 0
    if not good or not np.all(np.isfinite(array) & (array > lowest)):
      real = name in self.real_parameters
      kind = 'finite' if real else 'positive and finite'
      raise ValueError(
        f'`{name}` must be a {kind} number, or {self.units} of them. '
        f'Received: {name}={value!r}'
      )
    return array.tolist()

  @property
  def _float(self) -> str:
    return head.full_precision(self.variable_dtype)

  def _rows(self) -> np.ndarray:
    """Returns the given values, a row for each parameter, `[n, units]`."""
    rows = [np.broadcast_to(v, self.units) for v in self.values.values()]
    return np.stack(rows).astype(np.float64)

  def build(self, input_shape: head.Shape | None = None) -> None:
    """Makes the trainable numbers, if the parameters are learned."""
    del input_shape
    if self.learned:
      rows = self._rows()
      for row, name in enumerate(self.values):
        if name not in self.real_parameters:
          # The inverse of softplus is log(exp(y) - 1) = y + log(1 - exp(-y));
          # the second form does not overflow.
          rows[row] += np.log(-np.expm1(-rows[row]))
      self.raw = self.add_weight(
        name='parameters',
        shape=rows.shape,
        dtype=self._float,
        initializer=lambda shape, dtype: tf.constant(rows, dtype, shape),
        autocast=False,
      )
    self.built = True

  def call(self, inputs: tf.Tensor | None = None) -> tf.Tensor:
    """Returns a row for each parameter, `[n, units]`; no input is used."""
    del inputs
    if not self.learned:
      return tf.constant(self._rows(), self._float)
    rows = tf.unstack(tf.convert_to_tensor(self.raw))
    return tf.stack(
      [
        row
        if name in self.real_parameters
        else clipped(tf.math.softplus(row), self.clip)
        for name, row in zip(self.values, rows, strict=True)
      ]
    )

  def parameters(self) -> list[tf.Tensor]:
    """Returns each parameter, `[units]`, in the order of the constructor."""
    if not self.built:
      self.build()
    return tf.unstack(self.call())

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    options = {'units': self.units, 'learned': self.learned, 'clip': self.clip}
    return {**super().get_config(), **options, **self.values}
