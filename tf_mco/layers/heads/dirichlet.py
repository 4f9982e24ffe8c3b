"""Keras layers of proportions: Dirichlet posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import beta
from tf_mco.layers.heads import positive
from tf_mco.layers.heads import positive_prior
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class DirichletPosterior(positive.PositiveHead):
  """Features to the concentrations of D proportions, q(z | x).

  `layer(features)` returns `[B, units]`; `.distribution` is
  `distributions.Dirichlet` of batch shape `[B]`. The proportions of features
  of a higher rank are along the last axis.
  """

  def __init__(
    self, units: int | None = None, *, gradient: str = 'ratio', **kwargs: Any
  ):
    """Makes the layer.

    Args:
      units: D >= 2; see `DenseHead`.
      gradient: 'ratio' or 'cdf', of the samples; see
        `distributions.Dirichlet`.
      **kwargs: of `PositiveHead`.
    """
    super().__init__(units, **kwargs)
    if units is not None:
      checks.at_least('units', units, 2, 'a single proportion is always 1')
    checks.one_of('gradient', gradient, beta.GRADIENTS)
    self.gradient = gradient

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution with these concentrations.

    Args:
      parameters: `[B, ..., D]` or `[K, B, ..., D]`, as this layer returns them.
    Returns:
      Of batch shape `[B]` or `[K, B]`.
    """
    factors = self.factors(parameters)
    if self.event_rank == 1:
      return factors
    return tfd.Independent(
      factors, reinterpreted_batch_ndims=self.event_rank - 1
    )

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a Dirichlet along the last axis."""
    return distributions.Dirichlet(parameters, gradient=self.gradient)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'gradient': self.gradient}


@keras.saving.register_keras_serializable(package='tf_mco')
class DirichletPrior(positive_prior.PositivePrior):
  """D proportions, p(z): uniform at first, fixed or learned."""

  def __init__(self, units: int, *, concentration: Any = 1.0, **kwargs: Any):
    """Makes the layer.

    Args:
      units: D >= 2.
      concentration: a positive number, or D of them; the first if learned.
      **kwargs: `learned` and `clip` of `PositivePrior`, and of
        `keras.layers.Layer`.
    """
    checks.at_least('units', units, 2, 'a single proportion is always 1')
    super().__init__(units, {'concentration': concentration}, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    return distributions.Dirichlet(*self.parameters())
