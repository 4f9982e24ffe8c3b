"""Tests of the networks of the IWAE paper."""

import keras
import numpy as np
import pytest

from experiments.iwae import networks as iwae_networks
import tf_mco

_MEAN = np.linspace(0.0, 1.0, 784)


def _shapes(network):
  kernels = [v for v in network.trainable_variables if len(v.shape) == 2]
  return [tuple(kernel.shape) for kernel in kernels]


def test_one_layer_has_the_papers_shapes():
  model_parts = iwae_networks.gaussian(_MEAN, [50], 200)
  assert _shapes(model_parts.encoder) == [(784, 200), (200, 200), (200, 100)]
  assert _shapes(model_parts.decoder) == [(50, 200), (200, 200), (200, 784)]
  assert model_parts.prior.units == 50
  assert not model_parts.prior.trainable_variables


def test_two_layers_have_the_papers_shapes():
  latents = iwae_networks.widths(50, 2)
  assert latents == [100, 50]
  model_parts = iwae_networks.gaussian(_MEAN, latents, 200)
  assert _shapes(model_parts.encoder[0]) == [(784, 200), (200, 200), (200, 200)]
  assert _shapes(model_parts.encoder[1]) == [(100, 100), (100, 100), (100, 100)]
  assert _shapes(model_parts.decoder[0]) == [(100, 200), (200, 200), (200, 784)]
  assert _shapes(model_parts.decoder[1]) == [(50, 100), (100, 100), (100, 200)]
  assert model_parts.prior.units == 50


@pytest.mark.parametrize('latents', [[50], [100, 50]])
def test_weights_start_as_glorot_and_bengio(latents):
  keras.utils.set_random_seed(0)
  model_parts = iwae_networks.gaussian(_MEAN, latents, 200)
  if len(latents) == 1:
    networks = [model_parts.encoder, model_parts.decoder]
    gaussian = [True, False]
  else:
    networks = [*model_parts.encoder, *model_parts.decoder]
    gaussian = [True, True, False, True]
  for network, is_gaussian in zip(networks, gaussian, strict=True):
    *hidden, last = _kernels(network)
    parts = [*hidden, *(np.split(last, 2, 1) if is_gaussian else [last])]
    for kernel in parts:
      # The largest of 5,000 |u| falls 1 % short with probability e^-50.
      limit = np.sqrt(6 / sum(kernel.shape))
      assert 0.99 * limit < np.abs(kernel).max() <= limit


def _kernels(network):
  return [np.asarray(v) for v in network.trainable_variables if v.ndim == 2]


def test_only_the_pixels_have_a_bias_at_first():
  model_parts = iwae_networks.gaussian(_MEAN, [100, 50], 200)
  *zeros, pixels = [
    np.asarray(variable)
    for network in (
      *model_parts.encoder,
      model_parts.decoder[1],
      model_parts.decoder[0],
    )
    for variable in network.trainable_variables
    if variable.ndim == 1
  ]
  for bias in zeros:
    np.testing.assert_array_equal(bias, np.zeros_like(bias))
  p = np.clip(_MEAN, 0.001, 0.999)
  np.testing.assert_allclose(pixels, np.log(p / (1 - p)), rtol=1e-4, atol=1e-6)


def test_hidden_units_are_tanh_and_the_input_is_not_centred():
  model_parts = iwae_networks.gaussian(_MEAN, [50], 200)
  x = np.random.default_rng(0).uniform(size=[3, 784]).astype('float32')
  first, first_bias, second, second_bias, last, last_bias = (
    np.asarray(v) for v in model_parts.encoder.trainable_variables
  )
  hidden = np.tanh(x @ first + first_bias)
  hidden = np.tanh(hidden @ second + second_bias)
  parameters = model_parts.encoder(x)
  np.testing.assert_allclose(parameters, hidden @ last + last_bias, atol=1e-5)
  q = model_parts.encoder.layers[-1].distribution(parameters)
  mean, log_scale = np.split(np.asarray(parameters), 2, axis=1)
  np.testing.assert_allclose(q.mean(), mean, rtol=1e-6)
  np.testing.assert_allclose(q.stddev(), np.exp(log_scale), rtol=1e-5)


def test_a_model_of_two_layers_has_samples_of_both():
  model_parts = iwae_networks.gaussian(_MEAN, [100, 50], 200)
  model = tf_mco.models.LatentVariableModel(
    model_parts.encoder,
    model_parts.decoder,
    model_parts.prior,
    tf_mco.estimators.Iwae(num_samples=3),
  )
  x = np.zeros([2, 784], 'float32')
  posterior = model.objective.encode_batch(x).posterior
  samples = posterior.sample(3, seed=0)
  assert [tuple(z.shape) for z in samples] == [(3, 2, 100), (3, 2, 50)]
