"""The softplus of the networks, faster on a CPU than TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from tf_mco.ops import gradients


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
def softplus(x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 + exp(x)), whose gradient of every order flows to x.

  TensorFlow's operation computes without the vectors of a CPU and takes half
  as long again. The value here has the full relative precision of the dtype.

  Args:
    x: any real numbers.
  """
  return _softplus(tf.convert_to_tensor(x))


@gradients.custom_gradient
def _softplus(
  x: tf.Tensor,
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
  def backward(upstream: tf.Tensor) -> tf.Tensor:
    return upstream * tf.sigmoid(x)

  return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward
