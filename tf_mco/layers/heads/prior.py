"""The interface of a layer that is the prior of a model."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from tf_mco._tfp import tfd


@runtime_checkable
class Prior(Protocol):
  """A Keras layer that holds the prior p(z) of the last stochastic layer.

  A prior needs no input: its `distribution` is called without an argument. Any
  `keras.layers.Layer` that has such a method is a prior, and need not derive
  from this class; its trainable weights form the parameter group `prior`.
  Register the class of the layer with
  `keras.saving.register_keras_serializable`, so that models can be loaded.

  #### Example

  This prior has heavier tails than the standard normal distribution.

  >>> import keras
  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> class LaplacePrior(keras.layers.Layer):
  ...   def distribution(self):
  ...     laplace = tfp.distributions.Laplace([0.0, 0.0], 1.0)
  ...     return tfp.distributions.Independent(laplace, 1)
  >>> isinstance(LaplacePrior(), tf_mco.layers.Prior)
  True
  """

  def distribution(self) -> tfd.Distribution:
    """Returns p(z), of batch shape `[]`; gradients flow to its weights."""


@runtime_checkable
class DeclaredPrior(Prior, Protocol):
  """A prior that says what it scores before it has any weights.

  The priors of this library are declared. The support and the event shape of
  any other prior are read off its distribution when the model is built.
  """

  support: str  # one of the names of `tf_mco.distributions.support_of`
  units: int  # the number of variables, which are one vector
