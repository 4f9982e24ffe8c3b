"""Keras layers of positive variables: Gamma posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive
from tf_mco.layers.heads import positive_prior


@keras.saving.register_keras_serializable(package='tf_mco')
class GammaPosterior(positive.PositiveHead):
  """Features to concentration and rate of D positive variables, q(z | x).

  `layer(features)` returns `[B, 2 * units]`, the concentrations and then the
  rates; `.distribution` is Independent `distributions.Gamma`, implicitly
  reparameterized.
  """

  num_parameters = 2

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Gamma for each dimension."""
    return distributions.Gamma(*tf.split(parameters, 2, axis=-1))


@keras.saving.register_keras_serializable(package='tf_mco')
class GammaPrior(positive_prior.PositivePrior):
  """D independent Gamma variables, p(z), fixed or learned."""

  def __init__(
    self,
    units: int,
    *,
    concentration: Any = 1.0,
    rate: Any = 1.0,
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D.
      concentration: a positive number, or D of them; the first if learned.
      rate: the same.
      **kwargs: `learned` and `clip` of `PositivePrior`, and of
        `keras.layers.Layer`.
    """
    values = {'concentration': concentration, 'rate': rate}
    super().__init__(units, values, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    return tfd.Independent(
      distributions.Gamma(*self.parameters()), reinterpreted_batch_ndims=1
    )
