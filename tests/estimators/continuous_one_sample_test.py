"""What the estimators of continuous variables become with one sample."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import continuous_checks as checks
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature
from tf_mco import estimators

# Polynomials of the noise: these nodes integrate them without error.
_NODES = {'normal': 8, 'tril': 5, 'chain': 6}

every_kind = pytest.mark.parametrize('kind', _NODES)


@pytest.mark.parametrize(
  'name',
  ['elbo', 'iwae', 'dreg', 'stl', 'aisle-kl', 'ciwae', 'renyi'],
)
@every_kind
def test_mean_is_the_closed_form(name: str, kind: str) -> None:
  problem = gaussian_problems.make(kind)
  found = _mean(name, problem)
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    elbo = _closed_elbo(problem, parameters)
  gradient = tape.gradient(elbo, parameters)
  np.testing.assert_allclose(found.bound, elbo, rtol=1e-12)
  for key, value in found.mean.items():
    np.testing.assert_allclose(
      value, gradient[key], rtol=0, atol=1e-12, err_msg=key
    )
    assert np.abs(value).max() > 1e-3, f'{key}: nothing was tested'


def _mean(name: str, problem: gaussian_problems.Problem) -> quadrature.Moments:
  row = continuous_rows.BY_NAME[name]
  nodes = quadrature.outcomes(problem, 1, _NODES[problem.kind])
  return quadrature.moments(row.make(1), problem, nodes, stopped=row.stopped)


def _closed_elbo(
  problem: gaussian_problems.Problem, p: gaussian_problems.Parameters
) -> tf.Tensor:
  """Returns E_q[log p(x, z)] plus q's entropy, in the means and variances."""
  mean, variance = p['loc'], tf.exp(2 * p['log_scale'])
  projected = tf.reduce_sum(p['slope'] ** 2 * variance, -1)
  if problem.kind == 'tril':
    square = p['corner'] ** 2
    variance += tf.stack([tf.zeros_like(square), square], -1)
    projected += p['slope'][:, 1] ** 2 * square
    cross = tf.exp(p['log_scale'][:, 0]) * p['corner']
    projected += 2 * p['slope'][:, 0] * p['slope'][:, 1] * cross
  error = p['x'] - p['shift'] - tf.reduce_sum(p['slope'] * mean, -1)
  total = _expected_normal(error, projected, p['log_noise'])
  total += tf.reduce_sum(p['log_scale'], -1)
  total += 0.5 * (1 + np.log(2 * np.pi)) * problem.noise_size
  if problem.kind == 'chain':
    mean2 = p['weight'] * mean + p['bias']
    variance2 = p['weight'] ** 2 * variance + tf.exp(2 * p['log_scale2'])
    error = mean - p['slope2'] * mean2 - p['shift2']
    spread = variance + p['slope2'] ** 2 * variance2
    spread -= 2 * p['slope2'] * p['weight'] * variance
    between = _expected_normal(error, spread, p['log_noise2'])
    total += (between + p['log_scale2'])[:, 0]
    mean, variance = mean2, variance2
  error = mean - p['prior_loc']
  prior = _expected_normal(error, variance, p['prior_log_scale'])
  return total + tf.reduce_sum(prior, -1)


def _expected_normal(
  error: tf.Tensor, variance: tf.Tensor, log_scale: tf.Tensor
) -> tf.Tensor:
  """Returns E[log N(y; 0, s^2)] for y of that mean and variance."""
  square = (error**2 + variance) * tf.exp(-2 * log_scale)
  return -0.5 * square - log_scale - 0.5 * np.log(2 * np.pi)


@pytest.mark.parametrize('name', ['rws', 'aisle-kl-score', 'aisle-3-score'])
@every_kind
def test_score_has_mean_zero(name: str, kind: str) -> None:
  problem = gaussian_problems.make(kind)
  found = _mean(name, problem)
  for key in problem.groups['posterior']:
    np.testing.assert_allclose(found.mean[key], 0, atol=1e-13, err_msg=key)
    assert (found.variance[key] > 0.01).all()
  expected = _mean('elbo', problem)
  for key in (*problem.groups['model'], *problem.groups['prior']):
    np.testing.assert_allclose(found.mean[key], expected.mean[key], rtol=1e-12)


@every_kind
def test_rws_dreg_is_zero(kind: str) -> None:
  """Exactly, for any draw."""
  problem = gaussian_problems.make(kind)
  found = checks.drawn(estimators.RwsDreg(1), problem).gradient
  assert not checks.posterior(problem, found).any()
  expected = checks.drawn(estimators.Dreg(1), problem).gradient
  model = checks.model(problem, found)
  np.testing.assert_array_equal(model, checks.model(problem, expected))


@every_kind
def test_per_draw(kind: str) -> None:
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, 1)
  found = {
    row.name: checks.given(row.make(1), problem, noise, stopped=row.stopped)
    for row in continuous_rows.ROWS
    if row.symmetric
  }
  gradient = {name: result.gradient for name, result in found.items()}
  for name in ('iwae', 'ciwae', 'renyi'):
    checks.assert_close(gradient[name], gradient['elbo'])
  for name in ('dreg', 'aisle-kl'):
    for key, value in gradient[name].items():
      np.testing.assert_array_equal(value, gradient['stl'][key])
  posterior = {
    name: checks.posterior(problem, value) for name, value in gradient.items()
  }
  score = posterior['rws']
  np.testing.assert_allclose(
    posterior['elbo'], posterior['stl'] - score, rtol=0, atol=1e-12
  )
  # alpha (alpha - 1) for the path, alpha - 1 for the score.
  for name, alpha in (('chi2', 2), ('1.5', 1.5), ('3', 3)):
    path = alpha * (alpha - 1) * posterior['stl']
    np.testing.assert_allclose(posterior[f'aisle-{name}'], path, rtol=1e-13)
    np.testing.assert_allclose(
      posterior[f'aisle-{name}-score'], (alpha - 1) * score, rtol=1e-13
    )
