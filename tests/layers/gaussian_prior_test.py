"""The prior of real variables: standard normal, or learned."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tf_mco import layers

_POLICIES = ['float32', 'float64', 'mixed_bfloat16', 'mixed_float16']


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
  """Starts standard normal; mean, then log-scale, with exact gradients."""
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
