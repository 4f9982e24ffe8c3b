"""Tests of the dense layer of heads: it is Keras' layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mco.layers.heads import dense


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('shape', [[5, 3], [2, 5, 3]])
def test_it_is_keras_layer(shape: list[int], jit_compile: bool) -> None:
  ours, keras_layer = dense.Dense(4), keras.layers.Dense(4)
  x = tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)
  for layer in (ours, keras_layer):
    layer.build(shape)
  keras_layer.set_weights(ours.get_weights())

  def gradients(layer: keras.layers.Layer) -> list[tf.Tensor]:
    @tf.function(jit_compile=jit_compile)
    def run() -> list[tf.Tensor]:
      with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 2)
      return [loss, *tape.gradient(loss, layer.trainable_variables)]

    return run()

  for a, b in zip(gradients(ours), gradients(keras_layer), strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
