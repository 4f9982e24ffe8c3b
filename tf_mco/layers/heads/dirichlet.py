"""Keras layers of proportions: Dirichlet posterior and prior."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.layers.heads import positive
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class DirichletPosterior(positive.PositiveHead):
  """Maps features to the posterior of D proportions, which add up to 1.

  The density on the simplex is

    q(z | x) = Gamma(sum_d a[d]) prod_d z[d]^(a[d] - 1) / Gamma(a[d]),

  where the parameter tensor `[B, D]` holds the concentrations a. If the
  features have a higher rank, the proportions lie along their last axis.
  Samples are reparameterized implicitly; see `distributions.Dirichlet`.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.DirichletPosterior(4)
  >>> q = head.distribution(head(tf.ones([2, 7])))
  >>> total = tf.reduce_sum(q.sample(5, seed=(0, 1)), axis=-1)
  >>> total.shape.as_list(), float(tf.round(tf.reduce_mean(total)))
  ([5, 2], 1.0)
  """

  support = 'simplex'

  def __init__(
    self, units: int | None = None, *, gradient: str = 'ratio', **kwargs: Any
  ):
    """Makes the layer.

    Args:
      units: D >= 2, the number of proportions; see `DenseHead`.
      gradient: 'ratio' or 'cdf', the way in which the gradient of the samples
        is computed; see `distributions.Dirichlet`.
      **kwargs: `minimum` and `clip`, the floor and the bounds of the
        concentrations, and the arguments of `DenseHead`.
    """
    super().__init__(units, **kwargs)
    if units is not None:
      units = checks.at_least(
        'units', units, 2, 'a single proportion is always 1'
      )
    checks.one_of('gradient', gradient, positive.GRADIENTS)
    self.gradient = gradient

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution with these concentrations.

    Args:
      parameters: `[B, ..., D]` or `[K, B, ..., D]`, as calling this head
        returns them; gradients flow.
    Returns:
      A distribution of batch shape `[B]` or `[K, B]`.
    """
    factors = self.factors(parameters)
    if self.event_rank == 1:
      return factors
    # The last axis is already the event of a Dirichlet.
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
class DirichletPrior(positive.PositivePrior):
  """The prior of D proportions, fixed or learned.

  The density p(z) is that of `DirichletPosterior`, with concentrations that do
  not depend on anything. By default it is uniform on the simplex; a
  concentration below 1 favours few large proportions.

  #### Example

  >>> import tf_mco
  >>> prior = tf_mco.layers.DirichletPrior(4, concentration=0.1)
  >>> prior.distribution().mean().numpy().tolist()
  [0.25, 0.25, 0.25, 0.25]
  """

  support = 'simplex'

  def __init__(
    self, units: int, *, concentration: positive.Values = 1.0, **kwargs: Any
  ):
    """Makes the layer.

    Args:
      units: D >= 2, the number of proportions.
      concentration: A positive number, or D of them. A learned concentration
        starts there.
      **kwargs: `learned`, whether the parameters are trained; `clip`, their
        optional bounds (low, high); and arguments of `keras.layers.Layer`.
    """
    units = checks.at_least(
      'units', units, 2, 'a single proportion is always 1'
    )
    super().__init__(units, {'concentration': concentration}, **kwargs)

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]` and event shape `[units]`."""
    return distributions.Dirichlet(*self.parameters())
