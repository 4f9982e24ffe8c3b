"""Keras layers of variables in (0, 1): Beta posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class BetaPosterior(positive.PositiveHead):
  """Maps features to the posterior of D latent variables in (0, 1).

  The density is

    q(z | x) = prod_d z[d]^(a[d] - 1) (1 - z[d])^(b[d] - 1) / B(a[d], b[d]),

  where the parameter tensor `[B, 2 D]` holds the concentrations a of z in its
  first half and the concentrations b of 1 - z in its second. Samples are
  reparameterized implicitly; see `distributions.Beta`.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.BetaPosterior(3)
  >>> parameters = head(tf.ones([2, 7]))
  >>> parameters.shape.as_list(), bool(tf.reduce_all(parameters > 0))
  ([2, 6], True)
  >>> head.distribution(tf.ones([2, 6])).mean().numpy()[0].tolist()
  [0.5, 0.5, 0.5]
  """

  support = 'unit_interval'
  num_parameters = 2

  def __init__(
    self, units: int | None = None, *, gradient: str = 'ratio', **kwargs: Any
  ):
    """Makes the layer.

    Args:
      units: D, the number of dimensions; see `DenseHead`.
      gradient: 'ratio' or 'cdf', the way in which the gradient of the samples
        is computed; see `distributions.Beta`.
      **kwargs: `minimum` and `clip`, the floor and the bounds of the
        concentrations, and the arguments of `DenseHead`.
    """
    super().__init__(units, **kwargs)
    checks.one_of('gradient', gradient, positive.GRADIENTS)
    self.gradient = gradient

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Beta for each dimension."""
    concentration1, concentration0 = tf.split(parameters, 2, axis=-1)
    return distributions.Beta(
      concentration1, concentration0, gradient=self.gradient
    )

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'gradient': self.gradient}


@keras.saving.register_keras_serializable(package='tf_mco')
class BetaPrior(positive.PositivePrior):
  """The prior of D independent Beta variables, fixed or learned.

  The density p(z) is that of `BetaPosterior`, with parameters that do not
  depend on anything. By default it is the uniform density on (0, 1).

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.BetaPrior(2, concentration0=3.0)
  >>> prior.distribution().mean().numpy().tolist()
  [0.25, 0.25]
  """

  support = 'unit_interval'

  def __init__(
    self,
    units: int,
    *,
    concentration1: positive.Values = 1.0,
    concentration0: positive.Values = 1.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of variables.
      concentration1: The concentration of z, a positive number or D of them. A
        learned concentration starts there.
      concentration0: The concentration of 1 - z, likewise.
      **kwargs: `learned`, whether the parameters are trained; `clip`, their
        optional bounds (low, high); and arguments of `keras.layers.Layer`.
    """
    values = {
      'concentration1': concentration1,
      'concentration0': concentration0,
    }
    super().__init__(units, values, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    return tfd.Independent(
      distributions.Beta(*self.parameters()), reinterpreted_batch_ndims=1
    )
