"""Tests of the check that an integrand agrees at -pi and pi."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate
from scipy import stats
import tensorflow as tf
import tensorflow_probability as tfp

import tf_mco
from tf_mco import distributions
from tf_mco import posteriors

tfd = tfp.distributions

_LOC, _KAPPA = 2.4, 1.3


def _posterior(
  loc: float | tf.Variable = _LOC,
  concentration: float | tf.Variable = _KAPPA,
  size: int = 1,
) -> tfd.Distribution:
  ones = tf.ones([1, size], tf.float64)
  return tfd.Independent(
    distributions.VonMises(loc * ones, concentration * ones), 1
  )


def _normal(z: tf.Tensor) -> tf.Tensor:
  """Returns log N(z; 1, 1), which differs at -pi and pi."""
  return tf.reduce_sum(-0.5 * (z - 1) ** 2, axis=-1)


def _cosine(z: tf.Tensor) -> tf.Tensor:
  return tf.reduce_sum(tf.cos(z - 1), axis=-1)


_PATH = ('elbo', 'iwae', 'stl', 'dreg', 'rws_dreg', 'aisle', 'miwae', 'renyi')


@pytest.mark.parametrize('name', _PATH)
def test_a_jump_is_refused(name: str) -> None:
  with pytest.raises(ValueError, match='must be periodic.*layer 0'):
    tf_mco.estimate(tf_mco.get_estimator(name), _normal, _posterior(), seed=1)
  tf_mco.estimate(tf_mco.get_estimator(name), _cosine, _posterior(), seed=1)


def test_what_the_path_would_have_missed() -> None:
  """The score function has the right gradient of the ELBO, by quadrature."""

  def elbo(loc: float, kappa: float) -> float:
    q = stats.vonmises(kappa)

    def integrand(z: float) -> float:
      log_w = -0.5 * (z - 1) ** 2 - q.logpdf(z - loc)
      return q.pdf(z - loc) * log_w

    return integrate.quad(integrand, -np.pi, np.pi)[0]

  step = 1e-4
  right = [
    (elbo(_LOC + step, _KAPPA) - elbo(_LOC - step, _KAPPA)) / (2 * step),
    (elbo(_LOC, _KAPPA + step) - elbo(_LOC, _KAPPA - step)) / (2 * step),
  ]
  np.testing.assert_allclose(right, [-1.691, -0.174], atol=5e-4)
  loc = tf.Variable(_LOC, dtype=tf.float64)
  kappa = tf.Variable(_KAPPA, dtype=tf.float64)
  loo = tf_mco.get_estimator('reinforce_loo', num_samples=100_000)
  with tf.GradientTape() as tape:
    posterior = _posterior(loc, kappa)
    bound = -tf_mco.estimate(loo, _normal, posterior, seed=1).loss
  found = tape.gradient(bound, [loc, kappa])
  # The standard error of both is below 0.01.
  np.testing.assert_allclose(found, right, atol=0.04)


@pytest.mark.parametrize(
  'integrand',
  [
    lambda z: tf.reduce_sum((z - 1) ** 2, -1),
    lambda z: (z[..., 0] - z[..., 1]) ** 2,  # equal if both angles are moved
    lambda z: z[..., 1],
    lambda z: tf.sin(z[..., 0] / 2),
  ],
)
def test_each_angle_is_moved_alone(
  integrand: Callable[[tf.Tensor], tf.Tensor],
) -> None:
  elbo = tf_mco.get_estimator('elbo')
  with pytest.raises(ValueError, match='periodic'):
    tf_mco.expectation(elbo, integrand, _posterior(size=2), seed=1)


def test_other_layers_of_a_chain_keep_their_samples() -> None:
  def conditional(z: tf.Tensor) -> tfd.Distribution:
    return tfd.Independent(tfd.Normal(tf.cos(z), 1.0), 1)

  start = tfd.Independent(distributions.VonMises([[0.5]], 2.0), 1)
  chain = posteriors.Chain([start, conditional])
  elbo = tf_mco.get_estimator('elbo', num_samples=3)
  tf_mco.estimate(
    elbo,
    lambda path: tf.reduce_sum(tf.cos(path[0]) * path[1], -1),
    chain,
    seed=1,
  )
  with pytest.raises(ValueError, match='`<lambda>` must be periodic'):
    tf_mco.estimate(
      elbo, lambda path: tf.reduce_sum(path[0] * path[1], -1), chain, seed=1
    )


def test_a_trajectory_of_angles() -> None:
  posterior = posteriors.Hamiltonian(_posterior(), num_steps=1, step_size=0.1)
  elbo = tf_mco.get_estimator('elbo')
  tf_mco.estimate(elbo, _cosine, posterior, seed=1)
  with pytest.raises(ValueError, match='periodic'):
    tf_mco.estimate(elbo, _normal, posterior, seed=1)


def test_single_precision_and_steep_functions() -> None:
  """Rounding of pi must not look like a jump."""
  ones = tf.ones([2, 3])
  posterior = tfd.Independent(tfd.VonMises(ones, 4 * ones), 1)
  elbo = tf_mco.get_estimator('elbo')

  def steep(z: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(1000 * tf.sin(3 * z), -1)

  tf_mco.estimate(elbo, steep, posterior, seed=1)
