"""Samples that underflow keep the weights of their logarithms."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco import random
from tf_mco._tfp import tfd

_ALPHA, _PRIOR = 1e-3, 2e-3
_NAMES = ('elbo', 'iwae', 'stl', 'dreg', 'rws', 'aisle', 'piwae', 'rsvi')


@pytest.mark.parametrize(
  ('name', 'jit'),
  [(name, name == 'dreg') for name in _NAMES],
)
def test_log_weights(name: str, jit: bool) -> None:
  """The ratio of two Gamma densities is a power of x, whose log is kept.

  Nine of ten of these samples are below the least float32. With the same
  posterior and prior but for the power c, log w = c log x + constant, and
  log x is exponential: mean and deviation of log w are known.
  """
  count = 20_000
  options = (
    {'num_bounds': 2, 'num_samples_per_bound': count // 2}
    if name == 'piwae'
    else {'num_samples': count}
  )
  estimator = tf_mco.get_estimator(name, **options)

  def estimate(alpha: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.GradientTape() as tape:
      tape.watch(alpha)
      q = tfd.Independent(distributions.Gamma(alpha, tf.ones_like(alpha)), 1)
      p = tfd.Independent(
        distributions.Gamma(tf.fill([1], _PRIOR), tf.ones([1])), 1
      )
      result = tf_mco.estimate(estimator, p.log_prob, q, seed=3)
    return result.log_weights, tape.gradient(result.loss, alpha)

  if jit:
    estimate = tf.function(estimate, jit_compile=True)
  log_w, gradient = estimate(tf.fill([2, 1], _ALPHA))
  assert np.all(np.isfinite(gradient))
  p, q = (
    distributions.Gamma(tf.constant(a, tf.float64), 1.0)
    for a in (_PRIOR, _ALPHA)
  )
  constant = (p.log_prob_log(0.0) - q.log_prob_log(0.0)).numpy()
  log_x = (log_w.numpy() - constant) / (_PRIOR - _ALPHA)
  # log x is log Gamma(alpha + 1) + log U / alpha: mean about -1 / alpha.
  error = 1 / _ALPHA / np.sqrt(log_x.size)
  assert abs(log_x.mean() + 1 / _ALPHA) < 4 * error + 1
  np.testing.assert_allclose(log_x.std(), 1 / _ALPHA, rtol=0.03)
  assert np.mean(log_x < np.log(np.finfo(np.float32).tiny)) > 0.85


def test_the_log_is_that_of_the_draw() -> None:
  q = distributions.Gamma(tf.fill([4, 3], _ALPHA), tf.ones([4, 3]))
  wrapped = tfd.Independent(q, 1)
  estimator = tf_mco.get_estimator('iwae', num_samples=5)
  draw = estimator.draw(None, wrapped, seed=1)
  start_seed, _ = random.split(1, 2)
  log_x = q.sample_log([5], seed=start_seed)
  expected = tf.reduce_sum(q.log_prob_log(log_x), -1)
  np.testing.assert_allclose(
    wrapped.log_prob(draw.samples), expected, rtol=1e-6
  )
  assert tf.reduce_min(log_x) < -500


@pytest.mark.parametrize(
  'q',
  [
    distributions.Gamma(0.01, 1.0),
    distributions.InverseGamma(0.01, 1.0),
    distributions.Beta(0.01, 0.02),
    distributions.Dirichlet([0.01, 0.02, 3.0]),
  ],
  ids=lambda q: q.name,
)
def test_sample_and_score(q: tfd.Distribution) -> None:
  """The mean of -log q(x) over plain samples is the entropy, in float32."""
  values = -q.log_prob(q.sample(100_000, seed=1)).numpy().astype(np.float64)
  error = values.std() / np.sqrt(values.size)
  assert abs(values.mean() - float(q.entropy())) < 4 * error
