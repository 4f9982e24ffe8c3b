"""The base of layers that end a network in parameters of a distribution."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco._tfp import tfd


class Head(keras.layers.Layer):
  """The base class of layers that make the parameters of a distribution."""

  # The values that the distribution can score: 'binary', or 'real'.
  support = 'real'

  def distribution(self, parameters: tf.Tensor) -> Any:
    """Returns the distribution with these parameters."""
    raise NotImplementedError

  def note_fault(self, first: tf.Tensor) -> None:
    """Keeps what `describe_fault` reports, where `first` is true."""
    del first

  def describe_fault(self) -> str:
    """Returns a sentence on the first bad step, or an empty string."""
    return ''


class DenseHead(Head):
  """Maps features to the parameter tensor of a distribution.

  The layer returns tensors only, so that it works in functional models,
  `predict`, saving and export; `distribution(parameters)` interprets them.
  """

  # Parameters per dimension of the event.
  num_parameters = 1

  def __init__(
    self,
    units: int | None = None,
    *,
    kernel_initializer: Any = 'glorot_uniform',
    bias_initializer: Any = 'zeros',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the dimensions of the event; the parameters are then a dense
        layer of the features, `[..., D * num_parameters]`. None: the features
        are themselves the parameters, for instance a convolution's output.
      kernel_initializer: of the dense layer.
      bias_initializer: of the dense layer.
      **kwargs: of `keras.layers.Layer`.
    """
    super().__init__(**kwargs)
    if units is not None and (not isinstance(units, int) or units < 1):
      raise ValueError(
        f'`units` must be a positive integer or None. Received: units={units!r}'
      )
    self.units = units
    self.kernel_initializer = keras.initializers.get(kernel_initializer)
    self.bias_initializer = keras.initializers.get(bias_initializer)
    self.event_rank = 1
    self.dense = None
    if units is not None:
      self.dense = keras.layers.Dense(
        units * self.num_features,
        kernel_initializer=self.kernel_initializer,
        bias_initializer=self.bias_initializer,
        dtype=self.dtype_policy,
        name='parameters',
      )

  @property
  def num_features(self) -> int:
    """The numbers that a dimension's parameters are made of."""
    return self.num_parameters

  def build(self, input_shape: Any) -> None:
    """Makes the weights."""
    if self.dense is not None:
      self.dense.build(input_shape)
    else:
      self.event_rank = len(input_shape) - 1

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the parameters, `[B, D * num_parameters]`."""
    return features if self.dense is None else self.dense(features)

  def compute_output_shape(self, input_shape: Any) -> tuple:
    """Returns the shape of the parameters."""
    if self.units is None:
      return tuple(input_shape)
    return (*input_shape[:-1], self.units * self.num_parameters)

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution with these parameters.

    Args:
      parameters: `[B, ...]` or `[K, B, ...]`, as this layer returns them.
        Half precision is raised to float32: log-weights need it.
    Returns:
      Of batch shape `[B]` or `[K, B]`.
    """
    if parameters.dtype in (tf.float16, tf.bfloat16):
      parameters = tf.cast(parameters, tf.float32)
    return tfd.Independent(
      self.factors(parameters), reinterpreted_batch_ndims=self.event_rank
    )

  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns one distribution per dimension of the event."""
    raise NotImplementedError

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    serialize = keras.initializers.serialize
    return {
      **super().get_config(),
      'units': self.units,
      'kernel_initializer': serialize(self.kernel_initializer),
      'bias_initializer': serialize(self.bias_initializer),
    }
