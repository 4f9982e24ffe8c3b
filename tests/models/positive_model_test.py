"""Values of models with Gamma, Beta, Dirichlet and von Mises posteriors."""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import positive_models
import tf_mco
from tf_mco import layers
from tf_mco import models
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling

_KINDS = sorted(positive_models.KINDS)


# XLA compiles the samplers in tests/distributions.
@pytest.mark.parametrize('kind', ['dirichlet'])
def test_a_step_in_a_graph_is_the_step_of_the_eager_gradient(kind: str) -> None:
  model = positive_models.model(kind, tf_mco.estimators.Elbo(2))
  before = [np.asarray(v) for v in model.trainable_variables]
  x = tf.constant(positive_models.data())
  seed = random.fold_in(model.objective.seed, 0)
  with tf.GradientTape() as tape:
    surrogate = model.objective.surrogate(x, training=True, seed=seed)
    loss = tf.reduce_mean(surrogate.loss)
  gradient = tape.gradient(loss, [v.value for v in model.trainable_variables])
  model.compile(keras.optimizers.SGD(0.5), jit_compile=False)
  found = model.fit(x, batch_size=len(x), shuffle=False, verbose=0).history
  np.testing.assert_allclose(found['loss'], [loss], rtol=1e-6)
  after = [np.asarray(v) for v in model.trainable_variables]
  for old, slope, new in zip(before, gradient, after, strict=True):
    assert np.abs(slope).max() > 0
    np.testing.assert_allclose(new, old - 0.5 * slope, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize('kind', _KINDS)
def test_files(kind: str, tmp_path: pathlib.Path) -> None:
  model = positive_models.model(kind, analytic_kl=True)
  model.compile(run_eagerly=True)
  x = positive_models.data()
  model.save(tmp_path / 'model.keras')
  again = keras.saving.load_model(tmp_path / 'model.keras')
  again.compile(run_eagerly=True)
  expected = model.predict(x, verbose=0)
  np.testing.assert_array_equal(again.predict(x, verbose=0), expected)


@pytest.mark.parametrize('kind', ['von_mises'])
def test_export(kind: str, tmp_path: pathlib.Path) -> None:
  model, x = positive_models.model(kind), positive_models.data()
  model.export(tmp_path / 'saved', num_samples=4)
  signatures = tf.saved_model.load(str(tmp_path / 'saved')).signatures
  mean = signatures['encode'](x=tf.constant(x))['mean']
  np.testing.assert_allclose(mean, model.encode(x), rtol=1e-9)
  seed = tf.constant([3, 4])
  bound = signatures['bound'](x=tf.constant(x), seed=seed)['bound']
  direct = model.log_likelihood_bound(tf.constant(x), num_samples=4, seed=seed)
  np.testing.assert_allclose(bound, direct, rtol=1e-9)


@pytest.mark.parametrize('kind', _KINDS)
def test_the_analytic_divergence_is_the_mean_of_log_ratios(kind: str) -> None:
  """The test asks |z| < 4 on 1e5 draws: a false alarm in 16,000 examples."""
  model = positive_models.model(kind, analytic_kl=True)
  problem = model.objective.encode_batch(tf.constant(positive_models.data(2)))
  q, p = problem.first_posterior, model.objective.prior.distribution()
  z = sampling.sample(q, [100_000], seed=5)
  ratios = (q.log_prob(z) - p.log_prob(z)).numpy()
  error = ratios.std(0) / np.sqrt(len(ratios))
  assert np.all(np.abs(ratios.mean(0) - problem.kl()) < 4 * error)


@pytest.mark.parametrize('analytic_kl', [False, True])
@pytest.mark.parametrize('kind', ['gamma', 'beta'])
def test_the_mean_gradient_is_that_of_the_exact_bound(
  kind: str, analytic_kl: bool
) -> None:
  """The test asks |t| < 4 over 50 means: a false alarm in 1,000 tests."""
  posterior, prior, values = positive_models.KINDS[kind]
  encoder = posterior(1, kernel_initializer='ones', dtype='float64')
  model = models.LatentVariableModel(
    encoder,
    _Mean(1, dtype='float64', name='mean'),
    prior(1, dtype='float64', **values),
    tf_mco.estimators.Elbo(1),
    analytic_kl=analytic_kl,
    dtype='float64',
  )
  model.build((None, 1))
  encoder.dense.bias.assign([0.3, -0.2])
  x = tf.fill([2_000, 1], tf.constant(0.8, tf.float64))
  weights = [v.value for v in encoder.trainable_variables]
  with tf.GradientTape() as tape:
    exact = _exact_bound(kind, encoder(x[:1]), 0.8)
  expected = _flat(tape.gradient(exact, weights))

  @tf.function
  def gradient(seed: tf.Tensor) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
      loss = tf.reduce_mean(model.objective.surrogate(x, seed=seed).loss)
    return tape.gradient(loss, weights)

  draws = [-_flat(gradient(tf.constant([7, i]))) for i in range(50)]
  error = np.std(draws, 0, ddof=1) / np.sqrt(len(draws))
  assert np.all(np.abs(np.mean(draws, 0) - expected) < 4 * error)


class _Mean(layers.GaussianLikelihood):
  """A Gaussian of variance 1 around the sample."""

  def call(self, features: tf.Tensor) -> tf.Tensor:
    return tf.concat([features, tf.zeros_like(features)], -1)


def _exact_bound(kind: str, parameters: tf.Tensor, x: float) -> tf.Tensor:
  """Returns E_q[log N(x; z, 1)] - KL(q || p) from moments in closed form."""
  a, b = parameters[:, 0], parameters[:, 1]
  one, two = tf.ones_like(a), 2 * tf.ones_like(a)
  if kind == 'gamma':
    mean, square = a / b, a * (a + 1) / b**2
    kl = tfd.kl_divergence(tfd.Gamma(a, b), tfd.Gamma(one, two))
  else:
    mean, square = a / (a + b), a * (a + 1) / (a + b) / (a + b + 1)
    kl = tfd.kl_divergence(tfd.Beta(a, b), tfd.Beta(one, two))
  return -(x**2 - 2 * x * mean + square) / 2 - np.log(2 * np.pi) / 2 - kl


def _flat(tensors: list) -> np.ndarray:
  return np.concatenate([np.ravel(tensor) for tensor in tensors])


def test_a_sample_outside_of_the_tape_is_an_error_that_names_it() -> None:
  class Stopped(layers.DirichletPosterior):
    def distribution(self, parameters: tf.Tensor) -> Any:
      return super().distribution(tf.stop_gradient(parameters))

  model = models.LatentVariableModel(
    Stopped(3, name='stopped'),
    layers.GaussianLikelihood(4),
    layers.DirichletPrior(3),
    'elbo',
  )
  model.compile('sgd', jit_compile=False)
  with pytest.raises(ValueError, match='No gradient.*stopped.*kernel'):
    model.fit(positive_models.data().astype('float32'), verbose=0)


@pytest.mark.parametrize('kind', ['beta'])
def test_functional_model(kind: str) -> None:
  encoder, decoder, prior = positive_models.parts(kind, dtype='float32')
  inputs = keras.Input([positive_models.PIXELS])
  bound = layers.MonteCarloObjective(encoder, decoder, prior, 'iwae')(inputs)
  model = keras.Model(inputs, bound)
  model.compile('adam', run_eagerly=True)
  x = positive_models.data().astype('float32')
  losses = model.fit(x, epochs=2, verbose=0).history['loss']
  assert np.isfinite(losses).all()
  assert model.predict(x, verbose=0).shape == (6,)
