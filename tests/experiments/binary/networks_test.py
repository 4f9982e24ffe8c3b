"""Tests of the published networks."""

import keras
import numpy as np
import pytest

from experiments.binary import networks

_OPTIONS = {
  'units': 5,
  'hidden_units': 4,
  'centre': True,
  'initialize_with_bias': True,
}


def _count(network):
  """Returns the shapes of a network's kernels."""
  return [
    tuple(v.shape) for v in network.trainable_variables if len(v.shape) > 1
  ]


def _make(architecture, num_layers, **options):
  mean = np.linspace(0.0, 1.0, 6)
  return networks.binary(
    mean,
    architecture=architecture,
    num_layers=num_layers,
    **{**_OPTIONS, **options},
  )


def test_linear_is_one_dense_layer_each():
  parts = _make('linear', 1)
  parts.encoder.build((None, 6))
  parts.decoder.build((None, 5))
  assert _count(parts.encoder) == [(6, 5)]
  assert _count(parts.decoder) == [(5, 6)]


def test_nonlinear_has_two_hidden_layers_each():
  parts = _make('nonlinear', 1)
  parts.encoder.build((None, 6))
  assert _count(parts.encoder) == [(6, 4), (4, 4), (4, 5)]
  slopes = [
    layer.negative_slope
    for layer in parts.encoder.layers
    if isinstance(layer, keras.layers.LeakyReLU)
  ]
  assert slopes == pytest.approx([0.3, 0.3])


def test_the_first_network_sees_centred_pixels_and_the_others_signs():
  parts = _make('linear', 2)
  x = np.full([1, 6], 0.25, 'float32')
  centred = parts.encoder[0].layers[0](x)
  np.testing.assert_allclose(centred, x - np.linspace(0, 1, 6), atol=1e-6)
  bits = np.array([[0.0, 1.0]], 'float32')
  for network in (parts.encoder[1], *parts.decoder):
    np.testing.assert_allclose(network.layers[0](bits), [[-1.0, 1.0]])


def test_bias_starts_at_the_clipped_logit_of_the_mean():
  parts = _make('linear', 1)
  parts.decoder.build((None, 5))
  bias = [v for v in parts.decoder.trainable_variables if len(v.shape) == 1]
  p = np.clip(np.linspace(0, 1, 6), 0.001, 0.999)
  np.testing.assert_allclose(bias[0], np.log(p / (1 - p)), rtol=1e-5, atol=1e-6)


def test_without_the_options_the_networks_are_plain():
  parts = _make('linear', 1, centre=False, initialize_with_bias=False)
  assert len(parts.encoder.layers) == len(parts.decoder.layers) == 1
  parts.decoder.build((None, 5))
  bias = [v for v in parts.decoder.trainable_variables if len(v.shape) == 1]
  np.testing.assert_array_equal(bias[0], np.zeros(6))
