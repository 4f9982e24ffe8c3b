"""Tests of the Bernoulli layers: parameters, policies, configurations."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers

_HEADS = [layers.BernoulliPosterior, layers.BernoulliLikelihood]
_POLICIES = ['float32', 'float64', 'mixed_bfloat16', 'mixed_float16']


def _features(num: int = 5, dtype: str = 'float32') -> np.ndarray:
  return np.random.default_rng(0).normal(size=(num, 4)).astype(dtype)


@pytest.mark.parametrize('head', _HEADS)
def test_parameters_are_a_dense_layer_of_the_features(head: type) -> None:
  layer = head(3, bias_initializer=keras.initializers.Constant(0.5))
  logits = layer(_features())
  kernel, bias = (np.asarray(w) for w in layer.weights)
  assert (kernel.shape, bias.tolist()) == ((4, 3), [0.5] * 3)
  np.testing.assert_allclose(logits, _features() @ kernel + bias, rtol=1e-5)
  assert layer.compute_output_shape((None, 4)) == (None, 3)
  assert layer.support == 'binary'


@pytest.mark.parametrize('leading', [(5,), (2, 5)])
def test_distribution_scores_the_event_as_a_whole(leading: tuple) -> None:
  rng = np.random.default_rng(1)
  logits = rng.normal(size=(*leading, 3))
  value = rng.integers(0, 2, (*leading, 3)).astype(float)
  layer = layers.BernoulliPosterior(3)
  distribution = layer.distribution(tf.constant(logits))
  assert distribution.batch_shape == leading
  assert distribution.event_shape == (3,)
  np.testing.assert_allclose(
    distribution.log_prob(value), tiny.log_bernoulli(value, logits)
  )
  np.testing.assert_allclose(distribution.mean(), special.expit(logits))


@pytest.mark.parametrize('policy', _POLICIES)
def test_log_probabilities_keep_their_precision(policy: str) -> None:
  layer = layers.BernoulliPosterior(3, dtype=policy)
  logits = layer(_features())
  assert logits.dtype.name == keras.DTypePolicy(policy).compute_dtype
  expected = 'float64' if policy == 'float64' else 'float32'
  distribution = layer.distribution(logits)
  assert distribution.sample(seed=0).dtype.name == expected
  assert distribution.log_prob(tf.ones([5, 3], expected)).dtype.name == expected
  assert layer.dense.kernel.dtype == expected


@pytest.mark.parametrize('policy', _POLICIES)
def test_prior_is_not_rounded_by_a_policy(policy: str) -> None:
  init = keras.initializers.Constant(1.001)  # 1 in bfloat16
  prior = layers.BernoulliPrior(2, logits_initializer=init, dtype=policy)
  distribution = prior.distribution()
  expected = 'float64' if policy == 'float64' else 'float32'
  assert (distribution.batch_shape, distribution.event_shape) == ((), (2,))
  log_prob = distribution.log_prob(tf.ones([7, 5, 2], expected))
  assert (log_prob.dtype.name, log_prob.shape) == (expected, (7, 5))
  np.testing.assert_allclose(log_prob, 2 * special.log_expit(1.001), rtol=1e-6)
  np.testing.assert_array_equal(prior(None), prior.logits)
  np.testing.assert_allclose(prior(None), [1.001] * 2, rtol=1e-6)


def test_prior_learns_unless_it_is_frozen() -> None:
  for trainable in (True, False):
    prior = layers.BernoulliPrior(2, trainable=trainable)
    with tf.GradientTape() as tape:
      log_prob = prior.distribution().log_prob([1.0, 0.0])
    assert len(prior.trainable_variables) == int(trainable)
    if trainable:
      gradient = tape.gradient(log_prob, prior.trainable_variables[0])
      np.testing.assert_allclose(gradient, [0.5, -0.5])


@pytest.mark.parametrize(
  'make',
  [
    lambda: layers.BernoulliPosterior(
      3, kernel_initializer='he_normal', bias_initializer='ones', name='q'
    ),
    lambda: layers.BernoulliLikelihood(3, mean=[0.0, 0.25, 1.0]),
    lambda: layers.BernoulliLikelihood(),
    lambda: layers.BernoulliPrior(
      3, logits_initializer='ones', trainable=False, dtype='float64'
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
  if layer.weights:  # the last is the bias, or the prior's logits
    np.testing.assert_array_equal(again.weights[-1], layer.weights[-1])


def test_bias_starts_at_the_logit_of_the_clipped_mean() -> None:
  mean = np.array([[0.0, 0.0005, 0.3], [0.5, 0.9995, 1.0]])
  layer = layers.BernoulliLikelihood(6, mean=mean)
  layer.build((None, 2))
  clipped = np.clip(mean.ravel(), 0.001, 0.999)
  np.testing.assert_allclose(
    layer.dense.bias, np.log(clipped / (1 - clipped)), rtol=1e-5
  )
  probability = layer.distribution(layer(np.zeros([1, 2]))).mean()
  np.testing.assert_allclose(probability[0], clipped, rtol=1e-4)


def test_errors_name_what_is_wrong() -> None:
  bad_means = ([0.5], [0.1, 0.2, 1.1], [-0.1, 0.2, 0.3], [0.1, np.nan, 0.3])
  for mean in bad_means:
    with pytest.raises(ValueError, match='`mean` must be 3 numbers in'):
      layers.BernoulliLikelihood(3, mean=mean)
  with pytest.raises(ValueError, match='`mean`'):
    layers.BernoulliLikelihood(mean=[0.5])
  for units in (0, -1, 2.0, '3'):
    with pytest.raises(
      ValueError, match='`units` must be an integer of at least 1'
    ):
      layers.BernoulliPosterior(units)


@pytest.mark.parametrize('leading', [(5,), (2, 5)])
def test_without_units_images_are_one_event(leading: tuple) -> None:
  layer = layers.BernoulliLikelihood(dtype='float64')
  logits = np.random.default_rng(0).normal(size=(*leading, 2, 3, 1))
  flat = logits.reshape(-1, 2, 3, 1)
  np.testing.assert_array_equal(layer(flat), flat)
  assert layer.compute_output_shape((None, 2, 3, 1)) == (None, 2, 3, 1)
  distribution = layer.distribution(tf.constant(logits))
  assert distribution.batch_shape == leading
  assert distribution.event_shape == (2, 3, 1)
  value = (logits > 0.3).astype(float)
  pixels = (*leading, 6)
  np.testing.assert_allclose(
    distribution.log_prob(value),
    tiny.log_bernoulli(value.reshape(pixels), logits.reshape(pixels)),
  )
