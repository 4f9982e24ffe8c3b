"""What priors with positive parameters share: fixed, or learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tf_mco.layers.heads import positive
from tf_mco.ops import checks


class PositivePrior(keras.layers.Layer):
  """D variables, p(z), with parameters that are fixed or learned.

  Learned ones are the softplus of trainable numbers and start at the given
  values. `trainable = False` freezes them.
  """

  # Parameters of any sign, which stay as they are.
  real: ClassVar[tuple[str, ...]] = ()

  def __init__(
    self,
    units: int,
    values: Mapping[str, Any],
    *,
    learned: bool = False,
    clip: Any = None,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D.
      values: of each parameter, a number or D of them, in the order of rows.
      learned: whether they are trained.
      clip: optional bounds of learned parameters; see `positive.PositiveHead`.
      **kwargs: of `keras.layers.Layer`.
    """
    super().__init__(**kwargs)
    checks.at_least('units', units, 1)
    checks.boolean('learned', learned)
    self.units, self.learned = units, learned
    self.clip = positive.check_clip(clip)
    self.values = {
      name: self._checked(name, value) for name, value in values.items()
    }
    self.raw: Any = None

  def _checked(self, name: str, value: Any) -> Any:
    array = np.asarray(value)
    good = array.dtype.kind in 'if' and array.shape in ((), (self.units,))
    lowest = -np.inf if name in self.real else 0
    if not good or not np.all(np.isfinite(array) & (array > lowest)):
      kind = 'finite' if name in self.real else 'positive and finite'
      raise ValueError(
        f'`{name}` must be a {kind} number, or {self.units} of them. '
        f'Received: {name}={value!r}'
      )
    return array.tolist()

  @property
  def _float(self) -> str:
    return 'float64' if self.variable_dtype == 'float64' else 'float32'

  def _rows(self) -> np.ndarray:
    rows = [np.broadcast_to(v, self.units) for v in self.values.values()]
    return np.stack(rows).astype(np.float64)

  def build(self, input_shape: Any = None) -> None:
    """Makes the numbers before softplus, if the parameters are learned."""
    del input_shape
    if self.learned:
      rows = self._rows()
      for row, name in enumerate(self.values):
        if name not in self.real:
          rows[row] += np.log(-np.expm1(-rows[row]))  # softplus, inverted
      self.raw = self.add_weight(
        name='parameters',
        shape=rows.shape,
        dtype=self._float,
        initializer=lambda shape, dtype: tf.constant(rows, dtype, shape),
        autocast=False,
      )
    self.built = True

  def call(self, inputs: Any = None) -> tf.Tensor:
    """Returns the parameters, a row each, `[n, units]`; input is not used."""
    del inputs
    if not self.learned:
      return tf.constant(self._rows(), self._float)
    rows = tf.unstack(tf.convert_to_tensor(self.raw))
    return tf.stack(
      [
        row
        if name in self.real
        else positive.clipped(tf.math.softplus(row), self.clip)
        for name, row in zip(self.values, rows, strict=True)
      ]
    )

  def parameters(self) -> list[tf.Tensor]:
    """Returns each parameter, `[units]`."""
    if not self.built:
      self.build()
    return tf.unstack(self.call())

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    own = {'units': self.units, 'learned': self.learned, 'clip': self.clip}
    return {**super().get_config(), **own, **self.values}
