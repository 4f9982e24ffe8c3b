"""Keras layers of real variables: posterior, likelihoods and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.layers.heads import head
from tf_mco.ops import checks

_SCALES = {'exp': tf.exp, 'softplus': tf.math.softplus}


class _LocationScaleHead(head.DenseHead):
  """Location and scale of each dimension from one parameter tensor.

  The first half of the last axis is the location, the second the scale before
  `scale` has made it positive.
  """

  num_parameters = 2

  def __init__(
    self,
    units: int | None = None,
    *,
    scale: str = 'exp',
    minimum_scale: float = 0.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D; see `DenseHead`.
      scale: 'exp' or 'softplus', what makes the scale positive.
      minimum_scale: added to the scale, >= 0.
      **kwargs: of `DenseHead`.
    """
    super().__init__(units, **kwargs)
    checks.one_of('scale', scale, tuple(_SCALES))
    checks.in_interval('minimum_scale', minimum_scale, 0, float('inf'))
    self.scale = scale
    self.minimum_scale = minimum_scale

  def location_and_scale(
    self, parameters: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns both halves, the second made positive."""
    location, raw = tf.split(parameters, 2, axis=-1)
    return location, _SCALES[self.scale](raw) + self.minimum_scale

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'scale': self.scale,
      'minimum_scale': self.minimum_scale,
    }


class _GaussianHead(_LocationScaleHead):
  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Normal for each dimension."""
    return tfd.Normal(*self.location_and_scale(parameters))


@keras.saving.register_keras_serializable(package='tf_mco')
class GaussianPosterior(_GaussianHead):
  """Features to mean and scale of D real latent variables, q(z | x).

  `layer(features)` returns `[B, 2 * units]`; `.distribution` is Independent
  Normal, reparameterized.
  """


@keras.saving.register_keras_serializable(package='tf_mco')
class GaussianLikelihood(_GaussianHead):
  """Features to mean and scale of real data, p(x | z)."""


@keras.saving.register_keras_serializable(package='tf_mco')
class LogisticLikelihood(_LocationScaleHead):
  """Features to location and scale of real data with heavier tails."""

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Logistic for each dimension."""
    return tfd.Logistic(*self.location_and_scale(parameters))


@keras.saving.register_keras_serializable(package='tf_mco')
class GaussianPrior(keras.layers.Layer):
  """D independent real variables, p(z): standard normal, or learned.

  Args:
    units: D.
    learned: whether mean and log-scale, 0 at first, are trained.
    **kwargs: of `keras.layers.Layer`.
  """

  def __init__(self, units: int, *, learned: bool = False, **kwargs: Any):
    super().__init__(**kwargs)
    checks.at_least('units', units, 1)
    checks.boolean('learned', learned)
    self.units = units
    self.learned = learned
    self.parameters: Any = None

  @property
  def _float(self) -> str:
    return 'float64' if self.variable_dtype == 'float64' else 'float32'

  def build(self, input_shape: Any = None) -> None:
    """Makes mean and log-scale, `[2, units]`, if they are learned."""
    del input_shape
    if self.learned:
      self.parameters = self.add_weight(
        name='parameters',
        shape=(2, self.units),
        dtype=self._float,
        initializer='zeros',
        autocast=False,
      )
    self.built = True

  def call(self, inputs: Any = None) -> tf.Tensor:
    """Returns mean and log-scale, `[2, units]`; the input is not used."""
    del inputs
    if not self.learned:
      return tf.zeros([2, self.units], self._float)
    return tf.convert_to_tensor(self.parameters)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    if not self.built:
      self.build()
    location, log_scale = tf.unstack(self.call())
    return tfd.Independent(
      tfd.Normal(location, tf.exp(log_scale)), reinterpreted_batch_ndims=1
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'units': self.units,
      'learned': self.learned,
    }
