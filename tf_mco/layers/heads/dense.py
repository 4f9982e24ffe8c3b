"""The dense layer of a head."""

from __future__ import annotations

import keras
import tensorflow as tf

from tf_mco.ops import sums


class Dense(keras.layers.Dense):
  """Keras' dense layer, with a faster gradient in the bias.

  That gradient is a sum over all samples of all examples.
  """

  def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
    """Returns `inputs @ kernel + bias`."""
    del training
    x = keras.ops.matmul(inputs, self.kernel)
    return sums.with_bias(x, tf.convert_to_tensor(self.bias))
