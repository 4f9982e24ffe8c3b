"""Values that a `LatentVariableModel` of real variables computes and learns."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from tests.support import gaussian_models
import tf_mco
from tf_mco import layers
from tf_mco import models
from tf_mco import random
from tf_mco.estimators import dreg
from tf_mco.estimators import iwae

_K = 4


@pytest.mark.parametrize('likelihood', gaussian_models.LIKELIHOODS)
def test_log_weights(likelihood: str) -> None:
  """SciPy has log p(x | z1), log p(z1 | z2), log p(z2), and log q."""
  model, x = (
    gaussian_models.model(dreg.Dreg(_K), likelihood, 2),
    gaussian_models.data(likelihood),
  )
  problem = model.objective.encode_batch(tf.constant(x))
  z1, z2 = dreg.Dreg(_K).draw(None, problem.posterior, seed=3).samples
  *dense, prior = [np.asarray(w) for w in model.trainable_variables]
  q1, q2, p_x, p1 = zip(dense[::2], dense[1::2], strict=True)

  def log_normal(value: Any, given: Any, weights: Any) -> np.ndarray:
    loc, raw = np.split(given @ weights[0] + weights[1], 2, -1)
    return scipy.stats.norm.logpdf(value, loc, np.exp(raw)).sum(-1)

  z1, z2 = z1.numpy(), z2.numpy()
  prior_scale = np.exp(prior[1])
  log_p = scipy.stats.norm.logpdf(z2, prior[0], prior_scale).sum(-1)
  log_p += log_normal(z1, z2, p1)
  if likelihood == 'bernoulli':
    logits = z1 @ p_x[0] + p_x[1]
    log_p += scipy.special.log_expit((2 * x - 1) * logits).sum(-1)
  elif likelihood == 'gaussian':
    log_p += log_normal(x, z1, p_x)
  else:
    loc, raw = np.split(z1 @ p_x[0] + p_x[1], 2, -1)
    log_p += scipy.stats.logistic.logpdf(x, loc, np.exp(raw)).sum(-1)
  log_q = log_normal(z1, x, q1) + log_normal(z2, z1, q2)
  np.testing.assert_allclose(
    problem.log_joint((tf.constant(z1), tf.constant(z2))), log_p, rtol=1e-11
  )
  found = problem.posterior.log_prob((tf.constant(z1), tf.constant(z2)))
  np.testing.assert_allclose(found, log_q, rtol=1e-11)


def test_dropout_between_stochastic_layers() -> None:
  """The layer z2 would be drawn with one mask and scored with another."""
  network = keras.Sequential(
    [keras.layers.Dense(64, activation='tanh'), keras.layers.Dropout(0.5)]
  )
  parts = gaussian_models.model(dreg.Dreg(500), num_layers=2).objective
  first, _ = parts.encoder
  narrow = keras.initializers.Constant(-2.0)  # a scale of 0.14
  second = layers.GaussianPosterior(2, bias_initializer=narrow, dtype='float64')
  with pytest.raises(ValueError, match='random numbers.*Received'):
    models.LatentVariableModel(
      [first, (network, second)],
      parts.decoder,
      parts.prior,
      dreg.Dreg(500),
      dtype='float64',
    )


def test_analytic_kl() -> None:
  """The bound is the reconstruction less a divergence in closed form."""
  model = gaussian_models.model(tf_mco.estimators.Elbo(_K), analytic_kl=True)
  x = tf.constant(gaussian_models.data())
  problem = model.objective.encode_batch(x)
  found = model.objective.surrogate(x, seed=5)
  _, draw_seed = random.split(5, 2)
  z = (
    tf_mco.estimators.Elbo(_K)
    .draw(None, problem.posterior, seed=draw_seed)
    .samples
  )
  q = problem.posterior.base
  mean, scale = q.mean().numpy(), q.stddev().numpy()
  kl = (scale**2 + mean**2 - 1) / 2 - np.log(scale)  # of N(0, 1)
  expected = np.mean(problem.log_likelihood(z), 0) - kl.sum(-1)
  np.testing.assert_allclose(found.bound, expected, rtol=1e-11)


def test_training_nears_the_exact_likelihood() -> None:
  """L_K reaches log p(x) in one dimension, where q is of the right family.

  The optimum over the model is the data's own normal distribution.
  """
  x = np.linspace(-1.5, 2.5, 40)[:, None]
  encoder = layers.GaussianPosterior(1, dtype='float64')
  decoder = layers.GaussianLikelihood(1, dtype='float64')
  prior = layers.GaussianPrior(1, dtype='float64')
  model = models.LatentVariableModel(
    encoder, decoder, prior, iwae.Iwae(8), dtype='float64'
  )
  model.compile(
    keras.optimizers.Adam(0.03), jit_compile=True, steps_per_execution=100
  )
  steps = tf.data.Dataset.from_tensors(x.astype('float32')).repeat(1000)
  model.fit(steps, verbose=0)
  best = scipy.stats.norm.logpdf(x, x.mean(), x.std()).mean()
  bound = model.log_likelihood_bound(tf.constant(x), num_samples=500, seed=1)
  np.testing.assert_allclose(np.mean(bound), best, atol=0.02)
