"""Keras layers of positive variables: Gamma posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive


@keras.saving.register_keras_serializable(package='tf_mco')
class GammaPosterior(positive.PositiveHead):
  """Maps features to the posterior of D positive latent variables.

  The density is

    q(z | x) = prod_d b[d]^a[d] z[d]^(a[d] - 1) exp(-b[d] z[d]) / Gamma(a[d]),

  where the parameter tensor `[B, 2 D]` holds the concentrations a in its first
  half and the rates b in its second. Both are softplus of a dense layer, plus a
  floor. Samples are reparameterized implicitly; see `distributions.Gamma`.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.GammaPosterior(3)
  >>> parameters = head(tf.ones([2, 7]))
  >>> parameters.shape.as_list(), bool(tf.reduce_all(parameters > 0))
  ([2, 6], True)
  >>> head.distribution(parameters).event_shape.as_list()
  [3]
  """

  support = 'positive'
  num_parameters = 2

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Gamma for each dimension."""
    return distributions.Gamma(*tf.split(parameters, 2, axis=-1))


@keras.saving.register_keras_serializable(package='tf_mco')
class GammaPrior(positive.PositivePrior):
  """The prior of D independent Gamma variables, fixed or learned.

  The density p(z) is that of `GammaPosterior`, with parameters that do not
  depend on anything. A concentration below 1 puts most of the mass near zero.

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.GammaPrior(2, concentration=[1.0, 3.0], rate=2.0)
  >>> prior.distribution().mean().numpy().tolist()
  [0.5, 1.5]
  """

  support = 'positive'

  def __init__(
    self,
    units: int,
    *,
    concentration: positive.Values = 1.0,
    rate: positive.Values = 1.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of variables.
      concentration: A positive number, or D of them. A learned concentration
        starts there.
      rate: A positive number, or D of them. A learned rate starts there.
      **kwargs: `learned`, whether the parameters are trained; `clip`, their
        optional bounds (low, high); and arguments of `keras.layers.Layer`.
    """
    values = {'concentration': concentration, 'rate': rate}
    super().__init__(units, values, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    return tfd.Independent(
      distributions.Gamma(*self.parameters()), reinterpreted_batch_ndims=1
    )
