"""Keras layers of variables in (0, 1): Beta posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive
from tf_mco.layers.heads import positive_prior
from tf_mco.ops import checks

GRADIENTS = ('ratio', 'cdf')


@keras.saving.register_keras_serializable(package='tf_mco')
class BetaPosterior(positive.PositiveHead):
  """Features to both concentrations of D variables in (0, 1), q(z | x).

  `layer(features)` returns `[B, 2 * units]`, the concentrations of z and then
  those of 1 - z; `.distribution` is Independent `distributions.Beta`.
  """

  num_parameters = 2

  def __init__(
    self, units: int | None = None, *, gradient: str = 'ratio', **kwargs: Any
  ):
    """Makes the layer.

    Args:
      units: D; see `DenseHead`.
      gradient: 'ratio' or 'cdf', of the samples; see `distributions.Beta`.
      **kwargs: of `PositiveHead`.
    """
    super().__init__(units, **kwargs)
    checks.one_of('gradient', gradient, GRADIENTS)
    self.gradient = gradient

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Beta for each dimension."""
    of_z, of_rest = tf.split(parameters, 2, axis=-1)
    return distributions.Beta(of_z, of_rest, gradient=self.gradient)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'gradient': self.gradient}


@keras.saving.register_keras_serializable(package='tf_mco')
class BetaPrior(positive_prior.PositivePrior):
  """D independent Beta variables, p(z): uniform at first, fixed or learned."""

  def __init__(
    self,
    units: int,
    *,
    concentration1: Any = 1.0,
    concentration0: Any = 1.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D.
      concentration1: of z, a positive number or D of them; the first if
        learned.
      concentration0: of 1 - z, the same.
      **kwargs: `learned` and `clip` of `PositivePrior`, and of
        `keras.layers.Layer`.
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
