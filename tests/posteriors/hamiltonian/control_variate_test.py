"""The control variate of a Hamiltonian posterior's ELBO, by quadrature.

On H1 everything is quadratic in the noise, and its square of degree four: the
Gauss-Hermite rule of three nodes in each dimension is exact.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import hamiltonian as cases
import tf_mco
from tf_mco import posteriors
from tf_mco._tfp import tfd

_PARAMETERS = {
  'loc': [0.3, -0.2],
  'scale': [0.6, 0.8],
  'step_size': [0.02, 0.03],
  'temperature': 1.4,
  'prior_scale': [1.3, 0.9],
}


def _prior(scale: Any) -> tfd.Distribution:
  zeros = tf.zeros([2], tf.float64)
  return tfd.Independent(tfd.Normal(zeros, zeros + scale), 1)


def _rule() -> tuple[np.ndarray, np.ndarray]:
  """Returns nodes `[81, 4]` of N(0, I), and their weights."""
  nodes, weights = np.polynomial.hermite_e.hermegauss(3)
  weights = weights / weights.sum()
  points = itertools.product(range(3), repeat=4)
  index = np.array(list(points))
  return nodes[index], weights[index].prod(-1)


def _moments(kind: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Returns mean and variance of the gradient in each parameter."""
  v = {name: tf.constant(x, tf.float64) for name, x in _PARAMETERS.items()}
  nodes, weights = _rule()
  first, second = (tf.constant(n)[:, None] for n in np.split(nodes, 2, -1))
  with tf.GradientTape() as tape:
    tape.watch(v)
    base = cases.base(v['loc'], v['scale'])
    prior = _prior(v['prior_scale'])
    standard = _prior([1.0, 1.0])

    def log_joint(z: tf.Tensor) -> tf.Tensor:
      return cases.gaussian(z) - standard.log_prob(z) + prior.log_prob(z)

    posterior = posteriors.Hamiltonian(
      base,
      num_steps=3,
      step_size=v['step_size'],
      tempering='fixed',
      initial_temperature=v['temperature'],
    )
    start = v['loc'] + v['scale'] * first
    draw = posterior.transport(log_joint, start, second)
    if kind == 'controlled':
      posterior = posterior.with_prior(prior)
    if kind == 'log-weight':
      values = draw.extras.log_p - draw.extras.log_q
    else:
      values = posterior.elbo_integrand(log_joint, draw)
    values = values[:, 0]
  found = {}
  for name, each in {**tape.jacobian(values, v), 'value': values}.items():
    each = each.numpy().reshape(81, -1)
    mean = weights @ each
    found[name] = mean, weights @ (each - mean) ** 2
  return found


@pytest.fixture(scope='module')
def moments() -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
  """Returns the moments of all three forms of the ELBO."""
  return {k: _moments(k) for k in ('controlled', 'integrated', 'log-weight')}


def test_the_mean_is_that_of_the_log_weight(moments) -> None:
  for name, (mean, _) in moments['controlled'].items():
    expected = moments['log-weight'][name][0]
    assert np.abs(expected).max() > 1e-3, name
    np.testing.assert_allclose(mean, expected, rtol=1e-9, err_msg=name)


def test_the_variance_falls(moments) -> None:
  for name in ('value', 'loc', 'scale', 'prior_scale'):
    controlled, integrated = (
      moments[kind][name][1].sum() for kind in ('controlled', 'integrated')
    )
    assert controlled < 0.8 * integrated, name
  # A prior enters through what has been integrated, and the step.
  assert moments['controlled']['prior_scale'][1].max() < 0.1


def test_without_steps_it_is_the_likelihood_less_the_divergence() -> None:
  prior = _prior([1.0, 1.0])
  posterior = cases.posterior('none', 0, base=cases.base(0.4, 0.7, batch=3))
  controlled = posterior.with_prior(prior)
  draw = controlled.sample_and_score(cases.gaussian, 5, seed=7)
  found = controlled.elbo_integrand(cases.gaussian, draw)
  kl = tfd.kl_divergence(posterior.base, prior)
  expected = cases.gaussian(draw.samples) - prior.log_prob(draw.samples) - kl
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_only_the_elbo_changes() -> None:
  prior = _prior([1.0, 1.0])
  posterior = cases.posterior()
  controlled = posterior.with_prior(prior)
  for name, same in (('iwae', True), ('elbo', False)):
    estimator = tf_mco.get_estimator(name, num_samples=3)
    one, other = (
      tf_mco.estimate(estimator, cases.gaussian, q, seed=1)
      for q in (posterior, controlled)
    )
    np.testing.assert_array_equal(one.log_weights, other.log_weights)
    assert np.allclose(one.bound, other.bound) == same


def test_a_prior_without_a_divergence_is_refused() -> None:
  prior = tfd.Independent(tfd.StudentT([3.0, 3.0], 0.0, 1.0), 1)
  with pytest.raises(ValueError, match='KL.*closed form.*Student'):
    cases.posterior().with_prior(prior)
