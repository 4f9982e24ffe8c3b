"""Tests of the KL divergence in closed form, by enumeration."""

from __future__ import annotations

import itertools
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tests.support import gaussian_models
from tests.support import tiny
import tf_mco
from tf_mco import layers
from tf_mco import types
from tf_mco.layers.objective import encoded_batch as encoded_batch

_X = tiny.binary_images(3).astype('float64')


class _Enumerated(tf_mco.estimators.MeanEstimator):
  """An estimator whose draws are all possible ones, along the batch axis."""

  def __init__(self, estimator: Any, samples: np.ndarray):
    self._estimator = estimator
    self._samples = samples

  def evaluations(self, posterior: Any) -> int:
    """Returns the estimator's own."""
    return self._estimator.evaluations(posterior)

  def draw(self, *unused: Any, seed: Any) -> types.Draw:
    """Returns the samples."""
    del unused, seed
    return types.Draw(tf.constant(self._samples))

  def surrogate(self, *arguments: Any) -> types.Surrogate:
    """Returns the estimator's own."""
    return self._estimator.surrogate(*arguments)

  def mean_surrogate(self, *arguments: Any) -> types.MeanSurrogate:
    """Returns the estimator's own."""
    return self._estimator.mean_surrogate(*arguments)


def _divergence(numbers: tiny.Numbers, x: np.ndarray) -> np.ndarray:
  kernel, bias = numbers.encoder[0]
  q, p = special.expit(x @ kernel + bias), special.expit(numbers.prior)
  terms = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
  return terms.sum(-1)


def _exact(objective: layers.MonteCarloObjective) -> tf.Tensor:
  """Returns E_q[log p(x | z)] - KL(q || p), `[B]`, as a sum over states."""
  encoder, decoder, prior = objective.parts
  z = tf.constant(tiny.all_states(3))[:, tf.newaxis]
  logits, pixels = encoder(_X), decoder(z)

  def log_p(value: Any, logits: Any) -> tf.Tensor:
    cross = tf.nn.sigmoid_cross_entropy_with_logits
    value = tf.broadcast_to(
      value,
      tf.broadcast_static_shape(
        tf.TensorShape(value.shape), tf.TensorShape(logits.shape)
      ),
    )
    return -tf.reduce_sum(cross(value, logits + tf.zeros_like(value)), -1)

  log_q = log_p(z, logits)
  log_ratio = log_p(z, tf.convert_to_tensor(prior.logits)) - log_q
  likelihood = log_p(tf.constant(_X), pixels)
  return tf.reduce_sum(tf.exp(log_q) * (likelihood + log_ratio), 0)


def _draws(num_samples: int) -> np.ndarray:
  """Returns all draws of K samples for each example, `[K, B * R, D]`."""
  states = tiny.all_states(3)
  draws = itertools.product(range(len(states)), repeat=num_samples)
  each = states[np.array(list(draws))]  # `[R, K, D]`
  return np.tile(each, (len(_X), 1, 1)).transpose(1, 0, 2)


@pytest.mark.parametrize(
  ('name', 'num_samples'),
  [('reinforce', 1), ('reinforce', 2), ('reinforce_loo', 2)],
)
def test_value_and_gradient_are_unbiased(name: str, num_samples: int) -> None:
  estimator = tf_mco.get_estimator(name, num_samples=num_samples)
  objective = tiny.model(estimator, dtype='float64').objective
  numbers, samples = tiny.numbers(objective), _draws(num_samples)
  x = np.repeat(_X, samples.shape[1] // len(_X), axis=0)
  probability = np.exp(tiny.log_posterior(numbers, x, samples).sum(0))
  variables = objective.trainable_variables
  with tf.GradientTape() as tape:
    result = encoded_batch.estimate(
      _Enumerated(estimator, samples),
      objective.encode_batch(x),
      analytic_kl=True,
      seed=0,
    )
    loss = tf.reduce_sum(probability * result.loss)
  gradients = tape.gradient(loss, variables)
  with tf.GradientTape() as tape:
    exact = _exact(objective)
    minus_exact = -tf.reduce_sum(exact)
  expected = tape.gradient(minus_exact, variables)

  np.testing.assert_array_equal(result.loss, -result.bound)
  mean = (probability * result.bound.numpy()).reshape(len(_X), -1).sum(1)
  np.testing.assert_allclose(mean, exact, rtol=1e-12)
  for ours, theirs in zip(gradients, expected, strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize('name', ['reinforce', 'reinforce_loo', 'disarm'])
@pytest.mark.parametrize('as_list', [False, True])
def test_bound_is_a_mean_log_likelihood_minus_the_divergence(
  name: str, as_list: bool
) -> None:
  parts = tiny.parts(dtype='float64')
  if as_list:  # a chain of one
    parts.update({k: [parts[k]] for k in ('encoder', 'decoder')})
  estimator = tf_mco.get_estimator(name)
  objective = layers.MonteCarloObjective(
    **parts, estimator=estimator, analytic_kl=True, dtype='float64'
  )
  objective.build((None, tiny.PIXELS))
  bound = objective.surrogate(_X, seed=2).bound.numpy()
  numbers = tiny.numbers(objective)
  kernel, bias = numbers.decoder[0]
  states = tiny.all_states(3)[:, np.newaxis]
  likelihood = tiny.log_bernoulli(_X, states @ kernel + bias)
  possible = [
    np.mean(some, axis=0)
    for some in itertools.combinations_with_replacement(
      likelihood, estimator.num_samples
    )
  ] - _divergence(numbers, _X)
  np.testing.assert_allclose(np.abs(possible - bound).min(0), 0, atol=1e-12)


@pytest.mark.parametrize('name', ['reinforce_loo', 'disarm', 'elbo'])
def test_log_weights_are_those_of_the_samples(name: str) -> None:
  """Only the bound uses the divergence in closed form."""
  estimator = tf_mco.get_estimator(name)
  if name == 'elbo':
    estimator = tf_mco.estimators.Elbo(3)
    model = gaussian_models.model(estimator, analytic_kl=True)
    batch = model.objective.encode_batch(tf.constant(gaussian_models.data()))
  else:
    model = tiny.model(estimator, dtype='float64', analytic_kl=True)
    batch = model.objective.encode_batch(_X)
  found = encoded_batch.estimate(estimator, batch, analytic_kl=True, seed=4)
  draw = estimator.draw(batch.log_likelihood, batch.posterior, seed=4)
  expected = batch.log_joint(draw.samples)
  expected -= batch.posterior.log_prob(draw.samples)
  np.testing.assert_allclose(found.log_weights, expected, rtol=1e-11)
  assert found.log_weights.shape[0] == estimator.num_samples


def test_it_survives_training_and_saving(tmp_path: pathlib.Path) -> None:
  model = tiny.model('disarm', analytic_kl=True)
  model.compile('sgd', jit_compile=False)
  history = model.fit(tiny.images(4), verbose=0).history
  assert history['loss'][0] == pytest.approx(-history['bound'][0], rel=1e-6)
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  assert loaded.objective.analytic_kl is True
  x = tiny.images(5)
  np.testing.assert_array_equal(
    loaded.predict(x, verbose=0), model.predict(x, verbose=0)
  )


@pytest.mark.parametrize(
  ('name', 'num_layers'), [('vimco', 1), ('local_disarm', 1), ('disarm', 2)]
)
def test_bounds_of_many_samples_and_chains_are_refused(
  name: str, num_layers: int
) -> None:
  with pytest.raises(ValueError, match='`analytic_kl` needs an estimator of'):
    tiny.model(name, num_layers=num_layers, analytic_kl=True)


def test_an_estimator_in_place_of_the_models_own_is_checked_as_well() -> None:
  """VIMCO has no divergence in closed form, and must not drop it silently."""
  model = tiny.model('disarm', analytic_kl=True)
  vimco = tf_mco.get_estimator('vimco', num_samples=2)
  with pytest.raises(ValueError, match='`analytic_kl` needs.*Vimco'):
    model.surrogate(_X, estimator=vimco, seed=0)
