"""Keras layer of the words of a document, given the proportions of topics."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import word_counts
from tf_mco.layers.heads import head
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class BagOfWordsLikelihood(head.Head):
  """Maps the proportions of topics to the likelihood of a document's words.

  The log-density of the counts x[v] of V words is

    log p(x | z) = sum_v x[v] log(sum_t z[t] topics[t, v]),

  where z are the proportions of the topics and each row of `topics()` is the
  softmax of trainable logits. This is the likelihood of latent Dirichlet
  allocation, after the topic of each word has been summed over.

  The counts, `[B, V]`, are whole numbers of any dtype. A `LatentVariableModel`
  takes integers as they are, and refuses other observations than counts.

  #### Example

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> head = tf_mco.layers.BagOfWordsLikelihood(6)
  >>> probabilities = head(tf.constant([[0.25, 0.75]]))
  >>> probabilities.shape.as_list(), head.topics().shape.as_list()
  ([1, 6], [2, 6])
  >>> counts = tf.constant([[0.0, 1.0, 0.0, 2.0, 0.0, 0.0]])
  >>> head.distribution(probabilities).log_prob(counts).shape.as_list()
  [1]
  """

  support = 'count'

  def __init__(
    self,
    units: int,
    *,
    kernel_initializer: head.Initializer = 'glorot_normal',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: V, the number of words in the vocabulary.
      kernel_initializer: The initializer of the logits, `[topics, V]`.
      **kwargs: Arguments of `keras.layers.Layer`.
    """
    units = checks.at_least('units', units, 1)
    # Proportions in half precision would not add up to 1.
    super().__init__(autocast=False, **kwargs)
    self.units = units
    self.kernel_initializer = keras.initializers.get(kernel_initializer)
    self.logits: keras.Variable | None = None

  def build(self, input_shape: head.Shape) -> None:
    """Makes the logits, with a row for each topic."""
    if len(input_shape) != 2 or input_shape[-1] is None:
      raise ValueError(
        'The features must be proportions, [B, topics]. Received: '
        f'{tuple(input_shape)}'
      )
    self.logits = self.add_weight(
      name='topic_logits',
      shape=(input_shape[-1], self.units),
      dtype=head.full_precision(self.variable_dtype),
      initializer=self.kernel_initializer,
      autocast=False,
    )
    self.built = True

  def topics(self) -> tf.Tensor:
    """Returns the probability of each word, `[topics, V]`."""
    return tf.nn.softmax(tf.convert_to_tensor(self.logits), axis=-1)

  def call(self, proportions: tf.Tensor) -> tf.Tensor:
    """Returns the probability of each word, `[B, V]`.

    Args:
      proportions: `[B, topics]`, of sum 1; gradients flow.
    Returns:
      A tensor of float32 or float64, never of half precision.
    """
    topics = self.topics()
    return tf.cast(proportions, topics.dtype) @ topics

  def compute_output_spec(
    self, proportions: keras.KerasTensor
  ) -> keras.KerasTensor:
    """Returns the spec of `[B, V]`."""
    return keras.KerasTensor(
      self.compute_output_shape(proportions.shape),
      dtype=head.full_precision(self.compute_dtype),
    )

  def compute_output_shape(self, input_shape: head.Shape) -> head.Shape:
    """Returns the shape of the probabilities."""
    return (input_shape[0], self.units)

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution of counts with these probabilities."""
    return word_counts.WordCounts(parameters)

  @property
  def event_shape(self) -> head.Shape:
    """The shape of the counts of one document, `[units]`."""
    return (self.units,)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'units': self.units,
      'kernel_initializer': keras.initializers.serialize(
        self.kernel_initializer
      ),
    }
