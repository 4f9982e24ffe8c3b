"""Tests of the transposed convolution that doubles feature maps."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.hvae import networks
from experiments.hvae import transposed


def _case(size: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns input, kernel and a weight for each number of the output."""
  rng = np.random.default_rng(size)
  x, kernel = rng.normal(size=[3, 5, 2, 3]), rng.normal(size=[size, size, 2, 3])
  weight = rng.normal(size=[3, 10, 4, 2])
  return tf.constant(x), tf.constant(kernel), tf.constant(weight)


def _of_tensorflow(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
  shape = [3, 10, 4, 2]
  return tf.nn.conv2d_transpose(x, kernel, shape, 2, 'SAME')


@pytest.mark.parametrize('size', [2, 3, 4, 5, 6])
def test_value_and_gradients_of_two_orders(size: int) -> None:
  x, kernel, weight = _case(size)
  found, expected = [], []
  for function, results in (
    (transposed.doubled, found),
    (_of_tensorflow, expected),
  ):
    with tf.GradientTape(persistent=True) as outer:
      outer.watch([x, kernel])
      with tf.GradientTape() as inner:
        inner.watch([x, kernel])
        y = function(x, kernel)
        value = tf.reduce_sum(weight * tf.sin(y))
      first = inner.gradient(value, [x, kernel])
      length = tf.add_n([tf.reduce_sum(tf.sin(g)) for g in first])
    results += [y, *first, *outer.gradient(length, [x, kernel])]
  for mine, theirs in zip(found, expected, strict=True):
    np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)


def _layers(**options: Any) -> list[keras.layers.Conv2DTranspose]:
  """Returns this layer and that of Keras, with the same weights."""
  options = {'strides': 2, 'padding': 'same', 'activation': 'tanh', **options}
  pair = [
    cls(3, 5, dtype='float64', **options)
    for cls in (transposed.Conv2DTranspose, keras.layers.Conv2DTranspose)
  ]
  rng = np.random.default_rng(0)
  for layer in pair:
    layer.build((None, 4, 4, 2))
  weights = [rng.normal(size=w.shape) for w in pair[0].weights]
  for layer in pair:
    layer.set_weights(weights)
  return pair


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize(
  'options',
  [
    {},
    {'output_padding': 1},
    {'output_padding': 0},  # from 4 to 7 pixels
    {'use_bias': False},
    {'strides': 1},
    {'strides': 3},
    {'strides': 2, 'padding': 'valid'},
  ],
)
def test_layer_is_that_of_keras(
  options: dict[str, Any], jit_compile: bool
) -> None:
  layer, of_keras = _layers(**options)
  x = tf.constant(np.random.default_rng(1).normal(size=[2, 4, 4, 2]))
  function = tf.function(layer, jit_compile=jit_compile)
  np.testing.assert_allclose(function(x), of_keras(x), rtol=1e-10, atol=1e-10)


def test_maps_of_unknown_size() -> None:
  layer, of_keras = _layers()
  x = tf.constant(np.random.default_rng(1).normal(size=[2, 4, 4, 2]))
  spec = tf.TensorSpec([None, None, None, 2], tf.float64)
  function = tf.function(layer, input_signature=[spec])
  np.testing.assert_allclose(function(x), of_keras(x), rtol=1e-10, atol=1e-10)


def test_files_of_weights_fit_the_layer_of_keras(tmp_path) -> None:
  path = str(tmp_path / 'it.weights.h5')
  models = [
    keras.Sequential([keras.Input((4, 4, 2)), layer]) for layer in _layers()
  ]
  models[1].layers[0].set_weights([w + 1 for w in models[1].get_weights()])
  models[1].save_weights(path)
  models[0].load_weights(path)
  for mine, theirs in zip(*(m.get_weights() for m in models), strict=True):
    np.testing.assert_array_equal(mine, theirs)
  again = keras.layers.deserialize(keras.layers.serialize(models[0].layers[0]))
  assert type(again) is transposed.Conv2DTranspose


def test_products_of_the_decoder() -> None:
  """Only the map of 4 pixels, which become 7, is TensorFlow's transpose.

  A kernel of 5 has the offsets -1, 0 and 1, and no more of them.
  """
  decoder = networks.decoder((28, 28), 4, 8, bias=0.0)
  graph = tf.function(decoder).get_concrete_function(tf.zeros([1, 4])).graph
  operations = list(graph.get_operations())
  transposes = [op for op in operations if op.type == 'Conv2DBackpropInput']
  ordinary = [op for op in operations if op.type == 'Conv2D']
  assert len(transposes) == 1
  assert [op.inputs[1].shape for op in ordinary] == [
    (3, 3, 32, 64),
    (3, 3, 16, 4),
  ]
