"""Keras layers of angles: von Mises posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import head
from tf_mco.layers.heads import positive
from tf_mco.ops import checks

LOCATIONS = ('direction', 'angle')
EMBEDDINGS = ('circle', 'angle')


@keras.saving.register_keras_serializable(package='tf_mco')
class VonMisesPosterior(positive.PositiveHead):
  """Maps features to the posterior of D latent angles in [-pi, pi].

  The density is

    q(z | x) = prod_d exp(k[d] cos(z[d] - mu[d])) / (2 pi I0(k[d])),

  where the parameter tensor `[B, 2 D]` holds the locations mu, in radians, in
  its first half and the concentrations k in its second. Samples are
  reparameterized implicitly; see `distributions.VonMises`.

  A network that receives samples, such as a decoder, sees the point (cos z,
  sin z) in place of each angle z, because -pi and pi are the same direction.
  The first half of the `2 * units` features are the cosines, and the second
  half are the sines.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.VonMisesPosterior(3)
  >>> parameters = head(tf.ones([2, 7]))
  >>> parameters.shape.as_list()
  [2, 6]
  >>> z = head.distribution(parameters).sample(5, seed=(0, 1))
  >>> z.shape.as_list(), bool(tf.reduce_all(abs(z) <= 3.15))
  ([5, 2, 3], True)
  """

  support = 'circle'
  num_parameters = 2

  def __init__(
    self,
    units: int | None = None,
    *,
    location: str = 'direction',
    embedding: str = 'circle',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of angles; see `DenseHead`.
      location: With 'direction', the location is the angle of a point (x, y),
        which takes two features, so that a network need not jump where -pi and
        pi meet. With 'angle', one feature is the location, in radians.
      embedding: What networks see of a sample. With 'circle' these are the
        cosine and the sine, `2 * units` features. With 'angle' they are the
        angle itself. A decoder must then agree at -pi and pi, because the
        gradient would miss the jump between them. A model checks this when it
        is built, at its initial weights.
      **kwargs: `minimum` and `clip`, the floor and the bounds of the
        concentration, and the arguments of `DenseHead`.
    """
    checks.one_of('location', location, LOCATIONS)
    checks.one_of('embedding', embedding, EMBEDDINGS)
    self.embedding = embedding
    self.location = location  # before the base class asks for `num_features`
    super().__init__(units, **kwargs)

  @property
  def num_features(self) -> int:
    """The number of features that the parameters of an angle come from."""
    return 3 if self.location == 'direction' else 2

  def valid(self, raw: tf.Tensor) -> tf.Tensor:
    """Returns locations and positive concentrations, from any numbers."""
    *place, last = tf.split(raw, self.num_features, axis=-1)
    angle = place[0] if self.location == 'angle' else _direction(*place)
    return tf.concat([angle, self.positive(last)], axis=-1)

  def compute_output_shape(self, input_shape: head.Shape) -> head.Shape:
    """Returns the shape of the parameters."""
    if self.units is not None:
      return super().compute_output_shape(input_shape)
    width = input_shape[-1]
    width = width and width // self.num_features * 2
    return (*input_shape[:-1], width)

  def embed(self, samples: tf.Tensor) -> tf.Tensor:
    """Returns cosines and sines, or the angles; see `embedding`."""
    if self.embedding == 'angle':
      return samples
    return tf.concat([tf.cos(samples), tf.sin(samples)], axis=-1)

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a VonMises for each dimension."""
    return distributions.VonMises(*tf.split(parameters, 2, axis=-1))

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = {'location': self.location, 'embedding': self.embedding}
    return {**super().get_config(), **config}


def _direction(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns the angle of (x, y), and 0 without a gradient for (0, 0)."""
  nowhere = (x == 0) & (y == 0)
  # The gradient of atan2 divides by x^2 + y^2, which must not be 0.
  return tf.atan2(y, tf.where(nowhere, tf.ones_like(x), x))


@keras.saving.register_keras_serializable(package='tf_mco')
class VonMisesPrior(positive.PositivePrior):
  """The prior of D independent angles: uniform, another von Mises, or learned.

  The density p(z) is that of `VonMisesPosterior`, with parameters that do not
  depend on anything. By default the concentration is 0, which makes the prior
  uniform on the circle.

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.VonMisesPrior(2)
  >>> density = prior.distribution().prob([0.0, 1.0])
  >>> f'{density:.4f}'  # 1 / (2 pi)^2
  '0.0253'
  """

  support = 'circle'
  real_parameters = ('loc',)

  def __init__(
    self,
    units: int,
    *,
    loc: positive.Values = 0.0,
    concentration: positive.Values = 0.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of angles.
      loc: The mean direction in radians, a number or D of them.
      concentration: The concentration k. The number 0 stands for the uniform
        distribution, which cannot be learned; otherwise the concentration is a
        positive number, or D of them.
      **kwargs: `learned`, whether the parameters are trained; `clip`, optional
        bounds (low, high) of the concentration; and arguments of
        `keras.layers.Layer`.
    Raises:
      ValueError: If a concentration of 0 is to be learned.
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
      # The density is one expression for every concentration, also for 0, so
      # that the divergence needs no case for the uniform distribution.
      concentration = tf.zeros_like(concentration)
    return tfd.Independent(
      distributions.VonMises(loc, concentration), reinterpreted_batch_ndims=1
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = super().get_config()
    return {**config, 'concentration': 0.0} if self.uniform else config
