"""Heads and prior of real variables: parameters, densities, configurations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tf_mco import layers
from tf_mco._tfp import tfd

_HEADS = {
  layers.GaussianPosterior: scipy.stats.norm,
  layers.GaussianLikelihood: scipy.stats.norm,
  layers.LogisticLikelihood: scipy.stats.logistic,
}
_SCALES = {'exp': np.exp, 'softplus': lambda raw: np.log1p(np.exp(raw))}
_POLICIES = ['float32', 'float64', 'mixed_bfloat16', 'mixed_float16']

every_head = pytest.mark.parametrize('head', _HEADS)


def _features(num: int = 5, dtype: str = 'float32') -> np.ndarray:
  return np.random.default_rng(0).normal(size=(num, 4)).astype(dtype)


@every_head
def test_parameters_are_a_dense_layer_of_the_features(head: type) -> None:
  layer = head(3, bias_initializer=keras.initializers.Constant(0.5))
  parameters = layer(_features())
  kernel, bias = (np.asarray(w) for w in layer.weights)
  assert (kernel.shape, bias.tolist()) == ((4, 6), [0.5] * 6)
  expected = _features() @ kernel + bias
  np.testing.assert_allclose(parameters, expected, rtol=1e-5)
  assert layer.compute_output_shape((None, 4)) == (None, 6)
  assert layer.support == 'real'


@pytest.mark.parametrize('minimum', [0.0, 0.25])
@pytest.mark.parametrize('scale', _SCALES)
@pytest.mark.parametrize('leading', [(5,), (2, 5)])
@every_head
def test_density_of_the_event_as_a_whole(
  head: type, leading: tuple, scale: str, minimum: float
) -> None:
  """Parameters are the location, then the scale; SciPy has the density."""
  rng = np.random.default_rng(1)
  parameters = rng.normal(size=(*leading, 6))
  value = 2 * rng.normal(size=(*leading, 3))
  layer = head(3, scale=scale, minimum_scale=minimum)
  distribution = layer.distribution(tf.constant(parameters))
  assert distribution.batch_shape == leading
  assert distribution.event_shape == (3,)
  location, raw = parameters[..., :3], parameters[..., 3:]
  spread = _SCALES[scale](raw) + minimum
  expected = _HEADS[head].logpdf(value, location, spread).sum(-1)
  np.testing.assert_allclose(distribution.log_prob(value), expected, rtol=1e-12)
  np.testing.assert_allclose(distribution.mean(), location)


def test_the_default_scale_is_exp() -> None:
  layer = layers.GaussianPosterior(1)
  found = layer.distribution(tf.constant([[0.3, -0.5]])).stddev()
  np.testing.assert_allclose(found, [[np.exp(-0.5)]], rtol=1e-6)


def test_minimum_scale_is_a_floor() -> None:
  """The density stays finite where the scale underflows."""
  layer = layers.GaussianLikelihood(1, minimum_scale=1e-3)
  distribution = layer.distribution(tf.constant([[0.0, -200.0]]))
  expected = scipy.stats.norm.logpdf(2e-3, 0, 1e-3)
  np.testing.assert_allclose(distribution.log_prob([[2e-3]]), [expected], 1e-5)


@pytest.mark.parametrize('policy', _POLICIES)
@every_head
def test_log_probabilities_keep_their_precision(
  head: type, policy: str
) -> None:
  layer = head(3, dtype=policy)
  parameters = layer(_features())
  assert parameters.dtype.name == keras.DTypePolicy(policy).compute_dtype
  expected = 'float64' if policy == 'float64' else 'float32'
  distribution = layer.distribution(parameters)
  assert distribution.sample(seed=0).dtype.name == expected
  assert distribution.log_prob(tf.ones([5, 3], expected)).dtype.name == expected


@every_head
def test_reparameterized(head: type) -> None:
  distribution = head(3).distribution(tf.zeros([5, 6]))
  assert distribution.reparameterization_type == tfd.FULLY_REPARAMETERIZED


@pytest.mark.parametrize('leading', [(5,), (2, 5)])
@every_head
def test_without_units_images_are_one_event(head: type, leading: tuple) -> None:
  """The first half of the channels are locations, the second half scales."""
  layer = head(dtype='float64')
  parameters = np.random.default_rng(0).normal(size=(*leading, 2, 3, 2))
  flat = parameters.reshape(-1, 2, 3, 2)
  np.testing.assert_array_equal(layer(flat), flat)
  assert layer.compute_output_shape((None, 2, 3, 2)) == (None, 2, 3, 2)
  distribution = layer.distribution(tf.constant(parameters))
  assert distribution.batch_shape == leading
  assert distribution.event_shape == (2, 3, 1)
  value = np.sin(parameters[..., :1])
  expected = _HEADS[head].logpdf(
    value, parameters[..., :1], np.exp(parameters[..., 1:])
  )
  np.testing.assert_allclose(
    distribution.log_prob(value), expected.sum((-3, -2, -1)), rtol=1e-12
  )


@pytest.mark.parametrize(
  'make',
  [
    lambda: layers.GaussianPosterior(
      3,
      scale='softplus',
      minimum_scale=0.1,
      kernel_initializer='ones',
      name='q',
    ),
    lambda: layers.GaussianLikelihood(3, bias_initializer='ones'),
    lambda: layers.LogisticLikelihood(scale='softplus'),
    lambda: layers.GaussianPrior(3),
    lambda: layers.GaussianPrior(
      3, learned=True, trainable=False, dtype='float64'
    ),
  ],
)
def test_configuration_round_trip(make: Callable) -> None:
  layer = make()
  serialized = keras.saving.serialize_keras_object(layer)
  again = keras.saving.deserialize_keras_object(serialized)
  assert type(again) is type(layer)
  assert again.get_config() == layer.get_config()
  for one in (layer, again):
    one.build((None, 3))
  assert (again.name, again.trainable) == (layer.name, layer.trainable)
  shapes = [(tuple(w.shape), w.dtype) for w in layer.weights]
  assert [(tuple(w.shape), w.dtype) for w in again.weights] == shapes


@pytest.mark.parametrize(
  ('make', 'message'),
  [
    *(
      (lambda units=units: layers.GaussianPosterior(units), '`units` must be')
      for units in (0, -1, 2.0, '3')
    ),
    *(
      (lambda units=units: layers.GaussianPrior(units), '`units` must be')
      for units in (0, True, None)
    ),
    (
      lambda: layers.GaussianPosterior(3, scale='square'),
      "`scale` must be one of 'exp', 'softplus'.*Received: scale='square'",
    ),
    *(
      (
        lambda value=value: layers.LogisticLikelihood(3, minimum_scale=value),
        rf'`minimum_scale` must be a number in \[0.*Received.*{value}',
      )
      for value in (-0.1, float('nan'), True, 'small')
    ),
    (
      lambda: layers.GaussianPrior(3, learned=1),
      '`learned` must be True or False. Received: learned=1',
    ),
  ],
)
def test_errors_name_what_is_wrong(
  make: Callable[[], Any], message: str
) -> None:
  with pytest.raises(ValueError, match=message):
    make()


@pytest.mark.parametrize('policy', _POLICIES)
def test_standard_prior(policy: str) -> None:
  prior = layers.GaussianPrior(2, dtype=policy)
  distribution = prior.distribution()
  dtype = 'float64' if policy == 'float64' else 'float32'
  assert (distribution.batch_shape, distribution.event_shape) == ((), (2,))
  assert not prior.weights
  np.testing.assert_array_equal(prior(None), np.zeros([2, 2]))
  z = np.random.default_rng(0).normal(size=(7, 5, 2)).astype(dtype)
  log_prob = distribution.log_prob(z)
  assert (log_prob.dtype.name, log_prob.shape) == (dtype, (7, 5))
  expected = scipy.stats.norm.logpdf(z).sum(-1)
  np.testing.assert_allclose(log_prob, expected, rtol=2e-6)


def test_learned_prior() -> None:
  """A learned prior starts standard normal, and its gradients are exact."""
  prior = layers.GaussianPrior(2, learned=True, dtype='float64')
  z = np.array([0.7, -1.2])
  with tf.GradientTape() as tape:
    log_prob = prior.distribution().log_prob(z)
  (variable,) = prior.trainable_variables
  gradient = tape.gradient(log_prob, variable.value)
  expected = scipy.stats.norm.logpdf(z).sum()
  np.testing.assert_allclose(log_prob, expected, rtol=1e-13)
  np.testing.assert_allclose(gradient, [z, z**2 - 1], rtol=1e-13)
  values = np.array([[0.5, -0.3], [0.2, -0.7]])
  variable.assign(values)
  np.testing.assert_array_equal(prior(None), values)
  moved = prior.distribution().log_prob(z)
  expected = scipy.stats.norm.logpdf(z, values[0], np.exp(values[1])).sum()
  np.testing.assert_allclose(moved, expected, rtol=1e-13)


def test_frozen_prior() -> None:
  prior = layers.GaussianPrior(2, learned=True, trainable=False)
  prior.build()
  assert len(prior.weights) == 1
  assert not prior.trainable_variables
