"""Gamma, Beta, Dirichlet and von Mises layers: parameters and configuration."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco import layers

_POSTERIORS = {
  'gamma': layers.GammaPosterior,
  'beta': layers.BetaPosterior,
  'dirichlet': layers.DirichletPosterior,
  'von_mises': layers.VonMisesPosterior,
}
_INIT = keras.initializers.RandomNormal(stddev=2.0, seed=1)
_X = np.random.default_rng(0).normal(size=[5, 4])


def _posterior(name: str, units: int | None = 3, **options: Any) -> Any:
  options = {'kernel_initializer': _INIT, 'dtype': 'float64', **options}
  return _POSTERIORS[name](units, **options)


def _softplus(raw: np.ndarray) -> np.ndarray:
  return np.logaddexp(0, raw)


def _raw(layer: Any) -> np.ndarray:
  kernel, bias = (np.asarray(w) for w in layer.trainable_variables)
  return _X @ kernel + bias


@pytest.mark.parametrize('name', ['gamma', 'beta', 'dirichlet'])
def test_parameters_are_softplus_above_a_floor(name: str) -> None:
  layer = _posterior(name, minimum=0.25)
  found = layer(_X)
  expected = _softplus(_raw(layer)) + 0.25
  np.testing.assert_allclose(found, expected, rtol=1e-12)
  q = layer.distribution(found)
  assert (q.batch_shape, q.event_shape) == ((5,), (3,))


def test_parameters_reach_their_distributions() -> None:
  x = np.random.default_rng(1).dirichlet(np.ones(3), 5)
  for name, make in (
    ('gamma', lambda p: distributions.Gamma(p[:, :3], p[:, 3:])),
    ('beta', lambda p: distributions.Beta(p[:, :3], p[:, 3:])),
    ('von_mises', lambda p: distributions.VonMises(p[:, :3], p[:, 3:])),
    ('dirichlet', distributions.Dirichlet),
  ):
    layer = _posterior(name)
    parameters = layer(_X)
    log_prob = make(parameters.numpy()).log_prob(x)
    if name != 'dirichlet':
      log_prob = tf.reduce_sum(log_prob, -1)
    found = layer.distribution(parameters).log_prob(x)
    np.testing.assert_allclose(found, log_prob, rtol=1e-12)


@pytest.mark.parametrize('name', sorted(_POSTERIORS))
def test_clipping_is_of_positive_parameters(name: str) -> None:
  layer = _posterior(name, minimum=0.0, clip=[0.9, 1.1])
  found, free = layer(_X).numpy(), _posterior(name, minimum=1e-9)(_X).numpy()
  part = np.s_[:, 3:] if name == 'von_mises' else np.s_[:]
  expected = free.copy()
  expected[part] = np.clip(free[part], 0.9, 1.1)
  assert not np.array_equal(expected, free)
  np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize('name', sorted(_POSTERIORS))
def test_features_may_be_the_parameters(name: str) -> None:
  layer = _posterior(name, None)
  per_dimension = {'von_mises': 3, 'dirichlet': 1}.get(name, 2)
  features = np.random.default_rng(2).normal(size=[2, 5, 4 * per_dimension])
  parameters = layer(features)
  shape = layer.compute_output_shape((2, 5, 4 * per_dimension))
  assert tuple(parameters.shape) == shape
  q = layer.distribution(parameters)
  assert (q.batch_shape, q.event_shape) == ((2,), (5, 4))


@pytest.mark.parametrize('policy', ['mixed_float16', 'mixed_bfloat16'])
@pytest.mark.parametrize('name', sorted(_POSTERIORS))
def test_half_precision_stops_before_the_parameters(
  name: str, policy: str
) -> None:
  layer = _posterior(name, dtype=policy)
  inputs = keras.Input([4])
  assert layer(inputs).dtype == 'float32'
  assert layer(_X).dtype == tf.float32


@pytest.mark.parametrize('name', sorted(_POSTERIORS))
def test_configuration_round_trip(name: str) -> None:
  special = {
    'gamma': {},
    'beta': {'gradient': 'cdf'},
    'dirichlet': {'gradient': 'cdf'},
    'von_mises': {'location': 'angle'},
  }[name]
  layer = _posterior(name, minimum=0.125, clip=(0.5, 2.0), **special)
  again = type(layer).from_config(layer.get_config())
  assert again.get_config() == layer.get_config()
  np.testing.assert_array_equal(again(_X), layer(_X))
  for option, value in special.items():
    assert getattr(again, option) == value


def test_the_gradient_of_samples_is_an_option() -> None:
  x = tf.constant(_X)
  for name in ('beta', 'dirichlet'):
    slopes = []
    for gradient in ('ratio', 'cdf'):
      layer = _posterior(name, gradient=gradient)
      with tf.GradientTape() as tape:
        q = layer.distribution(layer(x))
        total = tf.reduce_sum(q.sample(seed=[0, 1]) ** 2)
      slopes.append(tape.gradient(total, layer.trainable_variables[1]))
    assert np.abs(slopes[0] - slopes[1]).max() > 1e-3


@pytest.mark.parametrize(
  'make, message',
  [
    (
      lambda: layers.GammaPosterior(0),
      '`units` must be an integer of at least 1',
    ),
    (lambda: layers.GammaPosterior(2, minimum=-1.0), '`minimum` must be.*-1.0'),
    (
      lambda: layers.BetaPosterior(2, minimum=0.0),
      '`minimum` must be positive',
    ),
    (lambda: layers.BetaPosterior(2, clip=(1, 1)), '0 < low < high.*1, 1'),
    (lambda: layers.BetaPosterior(2, clip=3.0), '`clip` must be a pair.*3.0'),
    (lambda: layers.BetaPosterior(2, gradient='x'), "'ratio', 'cdf'.*'x'"),
    (lambda: layers.DirichletPosterior(1), 'at least 2.*always 1'),
    (lambda: layers.DirichletPrior(1), 'at least 2.*always 1'),
    (lambda: layers.VonMisesPosterior(1, location='x'), "'direction', 'angle'"),
    (lambda: layers.GammaPosterior()(np.zeros([2, 3])), 'a multiple of 2.*3'),
    (lambda: layers.VonMisesPosterior()(np.zeros([2, 4])), 'multiple of 3'),
    (lambda: layers.GammaPrior(2, rate=0.0), '`rate` must be a positive.*0.0'),
    (lambda: layers.GammaPrior(2, rate=[1.0] * 3), 'or 2 of them'),
    (lambda: layers.BetaPrior(2, concentration1=np.nan), 'positive and finite'),
    (lambda: layers.VonMisesPrior(2, loc=np.inf), 'finite number'),
    (lambda: layers.VonMisesPrior(2, concentration=-1.0), 'positive.*-1.0'),
    (lambda: layers.VonMisesPrior(2, learned=True), 'positive to be learned'),
    (lambda: layers.DirichletPrior(2, learned=1), '`learned` must be True'),
    (lambda: layers.BagOfWordsLikelihood(0), '`units` must be an integer'),
  ],
)
def test_bad_options(make: Any, message: str) -> None:
  with pytest.raises(ValueError, match=message):
    make()
