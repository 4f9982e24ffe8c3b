"""Second derivatives: those of attached bounds are exact in the mean.

The Hessian of a bound is integrated twice. Once the density of the posterior
moves over fixed nodes, without a sample. Once the nodes are the noise of
samples, which move, and a tape around a tape differentiates the estimator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco import types
from tf_mco._tfp import tfd

# Maps log-weights of two samples, `[...]` each, to a bound.
Bound: TypeAlias = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

# Location and logarithmic scale of q, and a slope of the model.
_THETA = tf.constant([0.5, -0.4, 0.7], tf.float64)


def _log_joint(theta: tf.Tensor) -> types.LogJoint:
  def log_joint(z: tf.Tensor) -> tf.Tensor:
    mean = theta[2] * z + 0.2 * tf.sin(z)
    likelihood = tfd.Normal(mean, tf.constant(1.1, z.dtype))
    log_p = likelihood.log_prob(tf.constant(0.9, z.dtype)) - 0.5 * z**2
    return tf.reduce_sum(log_p, -1)

  return log_joint


def _posterior(theta: tf.Tensor, num_rows: int) -> tfd.Distribution:
  zeros = tf.zeros([num_rows, 1], tf.float64)
  loc, scale = theta[0] + zeros, tf.exp(theta[1]) + zeros
  return tfd.Independent(tfd.Normal(loc, scale), 1)


def _log_mean(one: tf.Tensor, two: tf.Tensor) -> tf.Tensor:
  return tf.reduce_logsumexp([one, two], axis=0) - np.log(2)


def _mean(one: tf.Tensor, two: tf.Tensor) -> tf.Tensor:
  return (one + two) / 2


_BOUNDS: dict[str, tuple[tf_mco.Estimator, Bound]] = {
  'elbo': (tf_mco.get_estimator('elbo', num_samples=2), _mean),
  'iwae': (tf_mco.get_estimator('iwae', num_samples=2), _log_mean),
  'ciwae': (
    tf_mco.get_estimator('ciwae', num_samples=2, beta=0.3),
    lambda a, b: 0.3 * _mean(a, b) + 0.7 * _log_mean(a, b),
  ),
  'renyi': (
    tf_mco.get_estimator('renyi', num_samples=2, alpha=0.6),
    lambda a, b: _log_mean(0.4 * a, 0.4 * b) / 0.4,
  ),
  'miwae': (
    tf_mco.get_estimator('miwae', num_bounds=2, num_samples_per_bound=1),
    _mean,
  ),
}


def _hessian(fn: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
  with tf.GradientTape(persistent=True) as outer:
    outer.watch(_THETA)
    with tf.GradientTape() as inner:
      inner.watch(_THETA)
      value = fn(_THETA)
    slopes = tf.unstack(inner.gradient(value, _THETA))
  return tf.stack([outer.gradient(slope, _THETA) for slope in slopes])


def _over_fixed_nodes(bound: Bound) -> Callable[[tf.Tensor], tf.Tensor]:
  """Returns the bound, integrated over nodes that do not move."""
  nodes, weights = np.polynomial.legendre.leggauss(120)
  z, weights = 0.5 + 6 * nodes[:, None], 6 * weights

  def value(theta: tf.Tensor) -> tf.Tensor:
    log_q = _posterior(theta, 1).log_prob(z)
    log_w = _log_joint(theta)(tf.constant(z)) - log_q
    mass = tf.exp(log_q) * weights
    each = bound(log_w[:, None] + 0 * log_w, log_w + 0 * log_w[:, None])
    return tf.einsum('i,j,ij->', mass, mass, each)

  return value


def _over_noise(estimator: tf_mco.Estimator, num_nodes: int = 40) -> Callable:
  """Returns the bound, by an estimator of every pair of samples."""
  nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
  weights /= weights.sum()
  noise = np.stack(np.meshgrid(nodes, nodes)).reshape(2, -1, 1)
  mass = np.outer(weights, weights).ravel()

  def value(theta: tf.Tensor) -> tf.Tensor:
    z = theta[0] + tf.exp(theta[1]) * noise
    surrogate = estimator.surrogate(
      _log_joint(theta), _posterior(theta, len(mass)), types.Draw(z)
    )
    return -tf.reduce_sum(mass * surrogate.loss)

  return value


@pytest.mark.parametrize('name', _BOUNDS)
def test_hessian_of_an_attached_bound(name: str) -> None:
  estimator, bound = _BOUNDS[name]
  exact = _hessian(_over_fixed_nodes(bound))
  assert np.abs(exact).min() > 1e-3, 'a second derivative tests nothing'
  found = _hessian(_over_noise(estimator))
  np.testing.assert_allclose(found, exact, rtol=1e-9, atol=1e-9)


def test_hessian_of_a_compiled_bound() -> None:
  fn = _over_noise(_BOUNDS['iwae'][0], 3)
  compiled = tf.function(lambda: _hessian(fn), jit_compile=True)
  np.testing.assert_allclose(compiled(), _hessian(fn), rtol=1e-11)


@pytest.mark.parametrize('name', ['stl', 'dreg', 'vimco', 'reinforce_loo'])
def test_no_hessian_of_constant_coefficients(name: str) -> None:
  estimator = tf_mco.get_estimator(name, num_samples=2)
  with pytest.raises(LookupError, match='derivative of this estimator'):
    _hessian(_over_noise(estimator))


def test_no_hessian_through_implicit_samples() -> None:
  estimator = tf_mco.get_estimator('elbo')

  def value(theta: tf.Tensor) -> tf.Tensor:
    concentration = tf.exp(theta[:1])[tf.newaxis]
    posterior = tfd.Independent(distributions.Gamma(concentration, 1.0), 1)
    return tf_mco.estimate(estimator, _log_joint(theta), posterior, seed=1).loss

  with pytest.raises(LookupError, match='second derivative of a sample'):
    _hessian(value)


@pytest.mark.parametrize(
  'name', ['vimco_loss', 'reinforce_loo_loss', 'rws_loss']
)
def test_losses_of_tensors(name: str) -> None:
  """The pure functions are of first order, and `iwae_loss` of any order."""
  log_p = tf.constant([[-1.0], [-2.0]], tf.float64)

  def value(fn: Callable) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda theta: tf.reduce_sum(fn(log_p, theta[:2, tf.newaxis] ** 2))

  with pytest.raises(LookupError, match='derivative of this estimator'):
    _hessian(value(getattr(tf_mco, name)))
  assert np.abs(_hessian(value(tf_mco.iwae_loss))).max() > 0.1
