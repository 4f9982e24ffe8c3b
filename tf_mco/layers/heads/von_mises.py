"""Keras layers of angles: von Mises posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive
from tf_mco.layers.heads import positive_prior
from tf_mco.ops import checks

LOCATIONS = ('direction', 'angle')


@keras.saving.register_keras_serializable(package='tf_mco')
class VonMisesPosterior(positive.PositiveHead):
  """Features to location and concentration of D angles, q(z | x).

  `layer(features)` returns `[B, 2 * units]`, the locations in radians and then
  the concentrations; `.distribution` is Independent `distributions.VonMises`
  with samples in [-pi, pi].
  """

  num_parameters = 2

  def __init__(
    self,
    units: int | None = None,
    *,
    location: str = 'direction',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D; see `DenseHead`.
      location: 'direction': the angle of a point (x, y), two features, so that
        a network need not jump where -pi and pi meet; 'angle': one feature, in
        radians.
      **kwargs: of `PositiveHead`; `clip` is of the concentration.
    """
    checks.one_of('location', location, LOCATIONS)
    self.location = location  # the base asks for `num_features`
    super().__init__(units, **kwargs)

  @property
  def num_features(self) -> int:
    """The numbers that location and concentration are made of."""
    return 3 if self.location == 'direction' else 2

  def valid(self, raw: tf.Tensor) -> tf.Tensor:
    """Returns locations and positive concentrations, from any numbers."""
    *place, last = tf.split(raw, self.num_features, axis=-1)
    angle = place[0] if self.location == 'angle' else _direction(*place)
    return tf.concat([angle, self.positive(last)], axis=-1)

  def compute_output_shape(self, input_shape: Any) -> tuple:
    """Returns the shape of the parameters."""
    if self.units is not None:
      return super().compute_output_shape(input_shape)
    width = input_shape[-1]
    width = width and width // self.num_features * 2
    return (*input_shape[:-1], width)

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a VonMises for each dimension."""
    return distributions.VonMises(*tf.split(parameters, 2, axis=-1))

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'location': self.location}


def _direction(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns the angle of (x, y), 0 without gradient for (0, 0)."""
  nowhere = (x == 0) & (y == 0)
  return tf.atan2(y, tf.where(nowhere, tf.ones_like(x), x))


@keras.saving.register_keras_serializable(package='tf_mco')
class VonMisesPrior(positive_prior.PositivePrior):
  """D independent angles, p(z): uniform, another von Mises, or learned."""

  real = ('loc',)

  def __init__(
    self,
    units: int,
    *,
    loc: Any = 0.0,
    concentration: Any = 0.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D.
      loc: the mean direction in radians, a number or D of them.
      concentration: kappa; the number 0 is the uniform distribution, which
        cannot be learned from; else positive, a number or D of them.
      **kwargs: `learned` and `clip` of `PositivePrior`, and of
        `keras.layers.Layer`.
    """
    self.uniform = isinstance(concentration, (int, float)) and not concentration
    if self.uniform and kwargs.get('learned'):
      raise ValueError(
        '`concentration` must be positive to be learned: 0 has no softplus to '
        f'start from. Received: concentration={concentration!r}, learned=True'
      )
    values = {
      'loc': loc,
      'concentration': 1.0 if self.uniform else concentration,
    }
    super().__init__(units, values, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    loc, concentration = self.parameters()
    if self.uniform:
      # One density for every kappa: no case of its own for the divergence.
      concentration = tf.zeros_like(concentration)
    return tfd.Independent(
      distributions.VonMises(loc, concentration), reinterpreted_batch_ndims=1
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = super().get_config()
    return {**config, 'concentration': 0.0} if self.uniform else config
