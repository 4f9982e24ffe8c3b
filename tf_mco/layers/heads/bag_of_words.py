"""Keras layer of a document's words, given the proportions of its topics."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import word_counts
from tf_mco.layers.heads import head
from tf_mco.ops import checks


@keras.saving.register_keras_serializable(package='tf_mco')
class BagOfWordsLikelihood(head.DenseHead):
  """Proportions of topics to the probability of each word, p(x | z).

  `layer(proportions)` is `proportions @ topics`, `[B, units]`; the rows of
  `topics()` are the softmax of trainable logits. Data are counts, `[B, units]`,
  floating: integers are bytes of pixels to the models of this library.
  """

  def __init__(
    self,
    units: int,
    *,
    kernel_initializer: Any = 'glorot_normal',
    **kwargs: Any,
  ):
    """Makes the layer.

    Args:
      units: V, the words of the vocabulary.
      kernel_initializer: of the logits, `[topics, V]`.
      **kwargs: of `keras.layers.Layer`.
    """
    checks.at_least('units', units, 1)
    # Proportions in half precision would not add up to 1.
    super().__init__(
      None, kernel_initializer=kernel_initializer, autocast=False, **kwargs
    )
    self.units = units
    self.logits: Any = None

  def build(self, input_shape: Any) -> None:
    """Makes the logits, a row for each feature."""
    if len(input_shape) != 2 or input_shape[-1] is None:
      raise ValueError(
        'The features must be proportions, [B, topics]. Received: '
        f'{tuple(input_shape)}'
      )
    self.logits = self.add_weight(
      name='topic_logits',
      shape=(input_shape[-1], self.units),
      dtype='float64' if self.variable_dtype == 'float64' else 'float32',
      initializer=self.kernel_initializer,
      autocast=False,
    )
    self.built = True

  def topics(self) -> tf.Tensor:
    """Returns the probability of each word, `[topics, V]`."""
    return tf.nn.softmax(tf.convert_to_tensor(self.logits), axis=-1)

  def call(self, proportions: tf.Tensor) -> tf.Tensor:
    """Returns the probability of each word, `[B, units]`, never in half."""
    topics = self.topics()
    return tf.cast(proportions, topics.dtype) @ topics

  def compute_output_spec(self, proportions: Any) -> Any:
    """Returns the spec of `[B, units]`."""
    dtype = 'float64' if self.compute_dtype == 'float64' else 'float32'
    return keras.KerasTensor((proportions.shape[0], self.units), dtype=dtype)

  def compute_output_shape(self, input_shape: Any) -> tuple:
    """Returns the shape of the probabilities."""
    return (input_shape[0], self.units)

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the distribution of counts with these probabilities."""
    return word_counts.WordCounts(parameters)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    config = super().get_config()
    del config['bias_initializer']
    return config
