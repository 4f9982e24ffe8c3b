"""The base classes of layers that end a network in a distribution."""

from __future__ import annotations

import abc
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.ops import checks

# The forms in which Keras takes an initializer.
Initializer: TypeAlias = str | dict[str, Any] | keras.initializers.Initializer
# The shape of a tensor in Keras; the batch axis and others may be unknown.
Shape: TypeAlias = tuple[int | None, ...]


def full_precision(dtype: str) -> str:
  """Returns 'float64' for 'float64', and 'float32' for any other dtype.

  Log-densities and the parameters that they are computed from lose too many
  digits in half precision.
  """
  return 'float64' if dtype == 'float64' else 'float32'


class Head(keras.layers.Layer, abc.ABC):
  """The last layer of an encoder or a decoder: it makes a distribution.

  A head does two things. Called on features, it returns the *parameter tensor*
  of a distribution, and because this is a plain tensor, the head works in
  functional models, `predict`, saving and export. Given such a tensor,
  `distribution` returns the distribution itself:

    parameters = head(features)              # [B, ...]
    q = head.distribution(parameters)        # batch shape [B]

  Derive from this class to write a head of your own, or from `DenseHead` if the
  parameters are a dense layer of the features, as they usually are. Register
  the class with `keras.saving.register_keras_serializable`, so that models
  that contain the head can be loaded.

  Attributes:
    support: The name of the support of the distribution, one of those that
      `tf_mco.distributions.support_of` returns, for instance 'real' or
      'binary'. A `LatentVariableModel` requires a posterior and its prior to
      have one support, and reads its observations as the support of the
      likelihood says. None, the default of a class of your own, says that the
      support is derived from the distribution when the model is built.

  #### Example

  This head fixes the scale of a Gaussian, so that the features are the mean.

  >>> import tensorflow as tf
  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> class UnitGaussian(tf_mco.layers.Head):
  ...   def call(self, features):
  ...     return features
  ...   def distribution(self, parameters):
  ...     normal = tfp.distributions.Normal(parameters, 1.0)
  ...     return tfp.distributions.Independent(normal, 1)
  >>> head = UnitGaussian()
  >>> head.distribution(head(tf.zeros([2, 3]))).event_shape.as_list()
  [3]
  """

  support: str | None = None

  @property
  def event_shape(self) -> Shape | None:
    """The shape of one event, or None if it is not known before `build`."""
    return None

  def embed(self, samples: tf.Tensor) -> tf.Tensor:
    """Returns samples in the form in which networks receive them.

    A decoder, and the next stochastic layer of an encoder, are networks that
    receive samples of this head. The default is the samples themselves.

    Args:
      samples: `[N, ...]`; gradients flow.
    """
    return samples

  @abc.abstractmethod
  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution with these parameters.

    Args:
      parameters: `[B, ...]`, or `[K, B, ...]` for K samples of the layer
        above, as calling this head returns them. Gradients flow to them.
    Returns:
      A `tfd.Distribution`, or one of `tf_mco.posteriors`, of batch shape `[B]`
      or `[K, B]`.
    """

  def note_fault(self, first: tf.Tensor) -> None:
    """Keeps values that explain a bad step, before its update spoils them.

    A compiled step cannot raise an error, therefore it calls this method in
    every step. The default keeps nothing.

    Args:
      first: a boolean scalar, true in the first step whose bound or gradient is
        not finite.
    """
    del first

  def describe_fault(self) -> str:
    """Returns a sentence about the values that `note_fault` kept, or ''."""
    return ''


class DenseHead(Head):
  """A head whose parameters are a dense layer of the features.

  A distribution with D dimensions and `num_parameters` parameters for each of
  them takes

    parameters = features @ kernel + bias    # [..., D * num_parameters]

  or the features themselves, if `units` is None. A subclass sets
  `num_parameters` and implements `factors`, which returns the distribution of
  the single dimensions; `distribution` makes one event of all of them.

  #### Example

  >>> import tensorflow as tf
  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> class LaplacePosterior(tf_mco.layers.DenseHead):
  ...   num_parameters = 2
  ...   def factors(self, parameters):
  ...     location, log_scale = tf.split(parameters, 2, axis=-1)
  ...     return tfp.distributions.Laplace(location, tf.exp(log_scale))
  >>> head = LaplacePosterior(5)
  >>> parameters = head(tf.ones([2, 7]))
  >>> parameters.shape.as_list()
  [2, 10]
  >>> q = head.distribution(parameters)
  >>> q.batch_shape.as_list(), q.event_shape.as_list()
  ([2], [5])
  """

  # The number of parameters for each dimension of the event.
  num_parameters: int = 1

  def __init__(
    self,
    units: int | None = None,
    *,
    kernel_initializer: Initializer = 'glorot_uniform',
    bias_initializer: Initializer = 'zeros',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: D, the number of dimensions of the event. If it is None, the
        features are themselves the parameters; a convolution, for instance,
        can return them.
      kernel_initializer: The initializer of the dense layer's kernel.
      bias_initializer: The initializer of the dense layer's bias.
      **kwargs: Arguments of `keras.layers.Layer`.
    Raises:
      ValueError: If `units` is neither None nor a positive integer.
    """
    super().__init__(**kwargs)
    if units is not None:
      units = checks.at_least('units', units, 1, 'or None')
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
  def event_shape(self) -> Shape | None:
    """The shape of one event, `[units]`, or None without `units`."""
    return None if self.units is None else (self.units,)

  @property
  def num_features(self) -> int:
    """The number of features that the parameters of a dimension come from."""
    return self.num_parameters

  def build(self, input_shape: Shape) -> None:
    """Makes the weights for features of this shape, `[B, ...]`."""
    if self.dense is not None:
      self.dense.build(input_shape)
    else:
      # All axes of the features but the batch axis are axes of the event.
      self.event_rank = len(input_shape) - 1

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the parameters, `[B, D * num_parameters]`."""
    return features if self.dense is None else self.dense(features)

  def compute_output_shape(self, input_shape: Shape) -> Shape:
    """Returns the shape of the parameters."""
    if self.units is None:
      return tuple(input_shape)
    return (*input_shape[:-1], self.units * self.num_parameters)

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution with these parameters.

    Args:
      parameters: `[B, ...]` or `[K, B, ...]`, as calling this head returns
        them; gradients flow. Half precision is raised to float32, because
        log-weights need it.
    Returns:
      The distribution of the whole event, of batch shape `[B]` or `[K, B]`.
    """
    if parameters.dtype in (tf.float16, tf.bfloat16):
      parameters = tf.cast(parameters, tf.float32)
    return tfd.Independent(
      self.factors(parameters), reinterpreted_batch_ndims=self.event_rank
    )

  @abc.abstractmethod
  def factors(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distributions of the single dimensions of the event.

    Args:
      parameters: `[..., D * num_parameters]`.
    Returns:
      A distribution of batch shape `[..., D]`.
    """

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    serialize = keras.initializers.serialize
    return {
      **super().get_config(),
      'units': self.units,
      'kernel_initializer': serialize(self.kernel_initializer),
      'bias_initializer': serialize(self.bias_initializer),
    }
