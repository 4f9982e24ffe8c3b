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

  The first half of the last axis is the location. The second half is a number
  of any sign, which the function `scale` makes positive.
  """

  support = 'real'
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
      units: D, the number of dimensions; see `DenseHead`.
      scale: 'exp' or 'softplus', the function that makes the scale positive.
      minimum_scale: A number >= 0 that is added to the scale.
      **kwargs: Arguments of `DenseHead`.
    """
    super().__init__(units, **kwargs)
    checks.one_of('scale', scale, tuple(_SCALES))
    minimum_scale = checks.in_interval(
      'minimum_scale', minimum_scale, 0, float('inf'), open_above=True
    )
    self.scale = scale
    self.minimum_scale = minimum_scale

  def location_and_scale(
    self, parameters: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the location, and the scale, which is positive."""
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
  """Maps features to the posterior of D real latent variables.

  The density is

    q(z | x) = prod_d N(z[d]; mu[d], sigma[d]^2),
    sigma = exp(s) + minimum_scale,  or  softplus(s) + minimum_scale,

  where the parameter tensor `[B, 2 D]` holds mu in its first half and s in its
  second. Samples are reparameterized, therefore the posterior is for every
  estimator that follows the path of a sample, such as `elbo`, `iwae` and
  `dreg`.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.GaussianPosterior(3)
  >>> parameters = head(tf.ones([2, 7]))
  >>> parameters.shape.as_list()
  [2, 6]
  >>> head.distribution(tf.zeros([2, 6])).stddev().numpy().tolist()
  [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
  """


@keras.saving.register_keras_serializable(package='tf_mco')
class GaussianLikelihood(_GaussianHead):
  """Maps features to the Gaussian likelihood of D real observations.

  The density p(x | z) is that of `GaussianPosterior`, with the observation x in
  place of z. Where the mean can fit an observation exactly, the likelihood
  grows without bound as the scale goes to 0; `minimum_scale` prevents this.
  """


@keras.saving.register_keras_serializable(package='tf_mco')
class LogisticLikelihood(_LocationScaleHead):
  """Maps features to the logistic likelihood of D real observations.

  The density is

    p(x | z) = prod_d e^-u[d] / (sigma[d] (1 + e^-u[d])^2),
    u = (x - mu) / sigma.

  Its tails fall like exp(-|u|), so that single observations far from the mean
  cost less than under `GaussianLikelihood`. The parameters are those of
  `GaussianPosterior`.
  """

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Logistic for each dimension."""
    return tfd.Logistic(*self.location_and_scale(parameters))


@keras.saving.register_keras_serializable(package='tf_mco')
class GaussianPrior(keras.layers.Layer):
  """The prior of D independent real variables: standard normal, or learned.

  The density is

    p(z) = prod_d N(z[d]; mu[d], exp(s[d])^2).

  Args:
    units: D, the number of variables.
    learned: Whether mean mu and log-scale s are trained. They start at 0, and
      stay there if they are not trained.
    **kwargs: Arguments of `keras.layers.Layer`.

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.GaussianPrior(2)
  >>> prior.distribution().event_shape.as_list()
  [2]
  >>> len(prior.trainable_weights)
  0
  """

  support = 'real'

  def __init__(self, units: int, *, learned: bool = False, **kwargs: Any):
    super().__init__(**kwargs)
    units = checks.at_least('units', units, 1)
    learned = checks.boolean('learned', learned)
    self.units = units
    self.learned = learned
    self.parameters: keras.Variable | None = None

  @property
  def _float(self) -> str:
    return head.full_precision(self.variable_dtype)

  def build(self, input_shape: head.Shape | None = None) -> None:
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

  def call(self, inputs: tf.Tensor | None = None) -> tf.Tensor:
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
