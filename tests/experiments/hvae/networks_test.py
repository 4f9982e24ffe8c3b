"""Tests of the Hamiltonian VAE's networks, optimizer and data."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.data import datasets
from experiments.hvae import model as hvae_model
from experiments.hvae import networks as hvae_networks
from experiments.hvae import optimizer as hvae_optimizer

# n_in + n_out of every layer of the original, whole feature maps.
_ENCODER = (784 + 3136, 3136 + 1568, 1568 + 512, 512 + 450)
_DECODER = (64 + 450, 450 + 512, 512 + 1568, 1568 + 3136, 3136 + 784)


@pytest.fixture(scope='module')
def networks():
  """Encoder, its head and decoder at the original's sizes."""
  keras.utils.set_random_seed(0)
  network, head = hvae_networks.encoder((28, 28), 64, 450)
  head.build((None, 450))
  return network, head, hvae_networks.decoder((28, 28), 64, 450, bias=-1.5)


def _weighted(network):
  return [layer for layer in network.layers if layer.weights]


def test_shapes_are_those_of_the_original(networks) -> None:
  network, head, decoder = networks
  assert [layer.kernel.shape for layer in _weighted(network)] == [
    (5, 5, 1, 16),
    (5, 5, 16, 32),
    (5, 5, 32, 32),
    (512, 450),
  ]
  assert [layer.output.shape[1:] for layer in _weighted(decoder)] == [
    (450,),
    (512,),
    (7, 7, 32),
    (14, 14, 16),
    (28, 28, 1),
  ]
  assert head.dense.kernel.shape == (450, 128)
  assert network.output_shape == (None, 450)
  assert decoder.output_shape == (None, 784)
  assert hvae_networks.sizes(8) == [8, 4, 2, 1]


def test_activations_are_softplus_but_for_the_last(networks) -> None:
  network, head, decoder = networks
  names = [layer.activation.__name__ for layer in _weighted(network)]
  assert names == ['softplus'] * 4
  names = [layer.activation.__name__ for layer in _weighted(decoder)]
  assert names == ['softplus'] * 4 + ['linear']
  parameters = tf.constant([[0.3] * 64 + [-2.0] * 64])
  given = head.distribution(parameters)
  np.testing.assert_allclose(given.mean(), np.full([1, 64], 0.3))
  scale = math.log1p(math.exp(-2))
  np.testing.assert_allclose(given.stddev(), np.full([1, 64], scale), 1e-6)


def test_weights_start_with_the_variance_of_whole_feature_maps(
  networks,
) -> None:
  network, head, decoder = networks
  pairs = [
    *zip(_weighted(network), _ENCODER, strict=True),
    (head.dense, 450 + 64),
    *zip(_weighted(decoder), _DECODER, strict=True),
  ]
  for layer, total in pairs:
    kernel = layer.kernel.numpy()
    # chi^2 of n draws has mean n and standard deviation sqrt(2 n).
    z = (np.sum(kernel**2) * total - kernel.size) / math.sqrt(2 * kernel.size)
    assert abs(z) < 4.5, layer.name
    assert abs(kernel.mean()) * math.sqrt(total * kernel.size) < 4.5
    last = layer is _weighted(decoder)[-1]
    np.testing.assert_array_equal(layer.bias, -1.5 if last else 0.0)
  assert _weighted(decoder)[-1].bias.shape == (1,)


def test_glorot_weights() -> None:
  """Uniform with the variance of fans: of one pixel, not of whole maps."""
  keras.utils.set_random_seed(0)
  network, head = hvae_networks.encoder((8, 8), 4, 64, initializer='glorot')
  head.build((None, 64))
  decoder = hvae_networks.decoder((8, 8), 4, 64, bias=0, initializer='glorot')
  for layer in (*_weighted(network), head.dense, *_weighted(decoder)):
    kernel = layer.kernel.numpy()
    fans = np.sum(kernel.shape[-2:]) * np.prod(kernel.shape[:-2])
    limit = math.sqrt(6 / fans)
    assert 0.9 * limit < np.abs(kernel).max() <= limit, layer.name
    # The variance of x^2 is 4/45 of limit^4.
    error = np.mean(kernel**2) - limit**2 / 3
    z = error / (limit**2 * math.sqrt(4 / 45 / kernel.size))
    assert abs(z) < 4.5, layer.name


def test_weights_of_the_variance_of_fan_in() -> None:
  """A softplus halves a small signal, and they double it."""
  keras.utils.set_random_seed(0)
  network, head = hvae_networks.encoder((8, 8), 4, 64, initializer='fan_in')
  head.build((None, 64))
  for layer in (*_weighted(network), head.dense):
    kernel = layer.kernel.numpy()
    variance = 4 / np.prod(kernel.shape[:-1])
    # x^2 varies less than that of a normal number, which is not cut off.
    error = np.mean(kernel**2) / variance - 1
    assert abs(error) < 4.5 * math.sqrt(2 / kernel.size), layer.name


def test_decoder_transposes_same_convolutions(networks) -> None:
  _, _, decoder = networks
  rng = np.random.default_rng(0)
  for layer, side in zip(_weighted(decoder)[2:], (7, 14, 28), strict=True):
    shape = layer.input.shape[1:]
    x = tf.constant(rng.normal(size=[2, *shape]).astype(np.float32))
    linear = tf.nn.conv2d_transpose(
      x, layer.kernel, [2, side, side, layer.filters], 2, 'SAME'
    )
    expected = layer.activation(linear + layer.bias)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


def test_mean_logit() -> None:
  images = np.array([[255, 0], [51, 51], [0, 0]], np.uint8)
  least = 0.5 / (255 * 2)
  logits = [0.0, math.log(0.2 / 0.8), math.log(least / (1 - least))]
  found = hvae_networks.mean_logit(images)
  assert found == pytest.approx(np.mean(logits))


@pytest.mark.parametrize('jit_compile', [False, True])
def test_optimizer_is_adamax_without_correction(jit_compile: bool) -> None:
  rng = np.random.default_rng(1)
  gradients = rng.normal(size=[7, 4]) * np.array([1e-3, 1.0, 30.0, 0.0])
  variable = keras.Variable(np.array([1.0, -2.0, 0.5, 0.1]), dtype='float64')
  optimizer = hvae_optimizer.PlainAdamax(0.125)
  optimizer.build([variable])

  @tf.function(jit_compile=jit_compile)
  def step(gradient: tf.Tensor) -> None:
    optimizer.apply([gradient], [variable])

  x, moment, largest = variable.numpy(), np.zeros(4), np.zeros(4)
  for gradient in gradients:
    step(tf.constant(gradient))
    moment = 0.9 * moment + 0.1 * gradient
    largest = np.maximum(0.999 * largest, np.abs(gradient))
    x = x - 0.125 * moment / (largest + 1e-7)
    np.testing.assert_allclose(variable.numpy(), x, rtol=1e-9)
  config = optimizer.get_config()
  again = hvae_optimizer.PlainAdamax.from_config(config)
  assert again.get_config() == config


def test_the_seed_draws_what_validates_and_its_binarization() -> None:
  images = datasets.load('digits')
  first, same, other = (hvae_model.prepared(images, s) for s in (3, 3, 4))
  np.testing.assert_array_equal(first.valid, same.valid)
  np.testing.assert_array_equal(first.train, same.train)
  assert not np.array_equal(first.train, other.train)
  assert set(np.unique(first.valid)) == {0, 255}
  assert first.train.shape == images.train.shape
  assert first.valid.shape == images.valid.shape
  np.testing.assert_array_equal(first.test, images.test)
  # No image is trained on twice that was there once.
  both = np.concatenate([images.train, images.valid])
  known = {row.tobytes() for row in both}
  trained = [row.tobytes() for row in first.train]
  assert set(trained) <= known
  assert len(set(trained)) >= len(known) - len(first.valid)
  # Means of 250 images: the standard error of their mean pixel is below 0.01.
  assert first.valid.mean() / 255 == pytest.approx(both.mean() / 255, abs=0.03)
  fixed = images._replace(binarization='fixed')
  assert hvae_model.prepared(fixed, 3) is fixed
