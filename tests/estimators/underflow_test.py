"""Samples that underflow keep the weights of their logarithms."""

from __future__ import annotations

from collections.abc import Callable

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


def _forgetting(
  log_joint: Callable[[tf.Tensor], tf.Tensor], name: str
) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns a log-joint that scores a sample after an operation on it."""
  operations: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    'identity': lambda z: log_joint(tf.identity(z)),
    'slice': lambda z: log_joint(z[..., :1]),
    'reshape': lambda z: log_joint(tf.reshape(z, [-1, 2, 1])),
    'function': tf.function(log_joint),
    'jit': tf.function(log_joint, jit_compile=True),
  }
  return operations[name]


@pytest.mark.parametrize(
  'operation', ['identity', 'slice', 'reshape', 'function', 'jit']
)
@pytest.mark.parametrize(
  ('posterior', 'prior'),
  [
    (distributions.Gamma, distributions.Gamma),
    (distributions.Gamma, tfd.Gamma),
    (distributions.InverseGamma, distributions.InverseGamma),
    (distributions.InverseGamma, tfd.InverseGamma),
    (distributions.Beta, distributions.Beta),
    (distributions.Beta, tfd.Beta),
  ],
)
@pytest.mark.parametrize('name', ['iwae', 'reinforce_loo'])
def test_a_lost_logarithm_is_seen(
  name: str,
  posterior: type[tfd.Distribution],
  prior: type[tfd.Distribution],
  operation: str,
) -> None:
  """The bound of lost samples was -38 where -1.8 is right. It is not finite."""
  q = tfd.Independent(posterior(tf.fill([2, 1], 0.02), 1.0), 1)
  p = tfd.Independent(prior(tf.fill([1], 0.05), 1.0), 1)
  estimator = tf_mco.get_estimator(name, num_samples=50)
  log_joint = _forgetting(p.log_prob, operation)
  bound = tf_mco.estimate(estimator, log_joint, q, seed=3).bound
  assert not np.any(np.isfinite(bound))


@pytest.mark.parametrize('name', ['elbo', 'iwae', 'dreg', 'rsvi', 'grep'])
def test_the_gamma_of_tfp_as_a_posterior(name: str) -> None:
  """A `tfd.Gamma` is drawn and scored as the Gamma of this library is."""
  estimator = tf_mco.get_estimator(name, num_samples=20)
  results = []
  for cls in (tfd.Gamma, distributions.Gamma):
    alpha = tf.fill([2, 1], 0.02)
    with tf.GradientTape() as tape:
      tape.watch(alpha)
      q = tfd.Independent(cls(alpha, 1.0), 1)
      prior = tfd.Independent(distributions.Gamma([0.05], 1.0), 1)
      result = tf_mco.estimate(estimator, prior.log_prob, q, seed=3)
    results.append((result.log_weights, tape.gradient(result.loss, alpha)))
  for found, expected in zip(*results, strict=True):
    assert np.all(np.isfinite(expected))
    np.testing.assert_array_equal(found, expected)


def test_components_of_a_chain_keep_their_logarithm() -> None:
  """The density of a vector is the sum of those of its components."""
  q = distributions.Autoregressive(
    [
      lambda: distributions.Gamma(tf.fill([4], _ALPHA), 1.0),
      lambda z: distributions.Gamma(tf.fill([4], _ALPHA) + 0 * z, 1.0),
      lambda z, y: tfd.Normal(0 * y, 1e-9),
    ]
  )
  x = q.sample([50], seed=1)
  assert x.shape == (50, 4, 3)
  assert np.mean(x[..., :2].numpy() == 0) > 0.8
  assert np.all(np.isfinite(q.log_prob(x)))
  drawn = distributions.sample(tfd.Independent(q, 0), [50], seed=1)
  np.testing.assert_array_equal(q.log_prob(drawn), q.log_prob(x))
  # By the entropy of its components, in float32.
  values = -q.log_prob(q.sample(20_000, seed=2)).numpy().astype(np.float64)
  exact = 2 * float(distributions.Gamma(_ALPHA, 1.0).entropy())
  exact += float(tfd.Normal(0.0, 1e-9).entropy())
  error = values.std() / np.sqrt(values.size)
  assert abs(values.mean() - exact) < 4 * error + 1e-5 * abs(exact)


def test_a_mixture_that_underflows_is_seen() -> None:
  """A mixture keeps no logarithm, so that the density of a 0 is infinite."""
  q = distributions.MixtureSameFamily(
    tfd.Categorical(tf.zeros([2, 2])),
    distributions.Gamma(tf.fill([2, 2], _ALPHA), 1.0),
  )
  elbo = tf_mco.get_estimator('elbo', num_samples=20)
  prior = distributions.Gamma(tf.fill([2], _PRIOR), 1.0)
  bound = tf_mco.estimate(elbo, prior.log_prob, q, seed=1).bound
  assert not np.any(np.isfinite(bound))
