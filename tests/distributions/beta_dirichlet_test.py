"""distributions.Beta and Dirichlet: both gradients, densities, divergences.

Statistical tests: |z| < 4 with fixed seeds and at least 1e5 draws; a right
implementation fails a comparison once in 15,000 changes of the seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions.numerics import beta as beta_numerics

_DRAWS = 40_000
_I2 = [
  (0.5, 0.5, 0.2, 0.806730429853548, -0.487026996141317),
  (2.0, 3.0, 0.4, 0.139392000050669, -0.0904770465356474),
  (1.0, 1.0, 0.7, 0.249672460757113, -0.361191841297781),
]


def _slopes(
  a: np.ndarray, b: np.ndarray, x: np.ndarray, jit: bool = False
) -> np.ndarray:
  @tf.function(jit_compile=jit)
  def run() -> tuple[tf.Tensor, tf.Tensor]:
    return beta_numerics.log_odds_derivatives(a, b, np.log(x) - np.log1p(-x))

  return np.stack(run()) * x * (1 - x)


def test_cdf_derivative_cases_of_the_paper() -> None:
  a, b, x, by_a, by_b = np.array(_I2).T
  np.testing.assert_allclose(_slopes(a, b, x), [by_a, by_b], rtol=1e-12)


@pytest.mark.parametrize('jit', [False, True])
def test_cdf_derivative_against_quadrature(jit: bool) -> None:
  points = [(0.3, 4.0), (1.0, 0.2), (7.0, 2.5), (60.0, 90.0), (0.05, 0.1)]
  grid = [
    (a, b, stats.beta.ppf(p, a, b)) for a, b in points for p in (0.3, 0.8)
  ]
  a, b, x = np.array(grid).T
  expected = np.array([references.beta_slopes(*point) for point in grid]).T
  np.testing.assert_allclose(_slopes(a, b, x, jit), expected, rtol=1e-7)


def test_cdf_derivative_at_the_ends() -> None:
  # The leading term of the CDF, x^a / (a B(a, b)), alone.
  a, b, log_odds = np.array(
    [[0.01, 0.3, -30], [1e-3, 1e-3, -900], [2, 5, -40]]
  ).T
  both = special.digamma(a + b)
  by_a, by_b = beta_numerics.log_odds_derivatives(a, b, log_odds)
  expected = (special.digamma(a + 1) - both - log_odds) / a
  np.testing.assert_allclose(by_a, expected, rtol=1e-9)
  np.testing.assert_allclose(by_b, (special.digamma(b) - both) / a, rtol=1e-9)


def _gradients(
  make: Callable, parameters: list, f: Callable, jit: bool
) -> list[tf.Tensor]:
  """Returns the gradient of f(x) in each parameter for each draw."""

  @tf.function(jit_compile=jit)
  def run() -> list[tf.Tensor]:
    many = [
      tf.broadcast_to(parameter, [_DRAWS, *parameter.shape])
      for parameter in parameters
    ]
    with tf.GradientTape() as tape:
      tape.watch(many)
      value = f(make(*many))
    return tape.gradient(value, many)

  return run()


@pytest.mark.parametrize('gradient', ['ratio', 'cdf'])
def test_both_gradients_have_the_exact_mean(gradient: str) -> None:
  a, b = tf.constant([0.4, 3.0, 1e-2]), tf.constant([0.7, 2.0, 1e-2])

  def log_x(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return distributions.Beta(a, b, gradient=gradient).sample_log(seed=5)

  by_a, by_b = _gradients(log_x, [a, b], tf.identity, jit=True)
  both = special.polygamma(1, a.numpy() + b.numpy())
  for index in range(3):
    exact = special.polygamma(1, a.numpy()[index]) - both[index]
    assert abs(references.z_score(by_a[:, index], exact)) < 4
    assert abs(references.z_score(by_b[:, index], -both[index])) < 4


def test_the_two_gradients_differ_for_one_sample() -> None:
  a, b = tf.constant([0.4, 3.0]), tf.constant([0.7, 2.0])
  found = {}
  for gradient in ('ratio', 'cdf'):
    with tf.GradientTape() as tape:
      tape.watch(a)
      x = distributions.Beta(a, b, gradient=gradient).sample(seed=2)
    found[gradient] = (x.numpy(), tape.gradient(x, a).numpy())
  np.testing.assert_array_equal(found['ratio'][0], found['cdf'][0])
  assert np.all(np.abs(found['ratio'][1] / found['cdf'][1] - 1) > 0.01)
  x = found['cdf'][0].astype(float)
  expected = _slopes(a.numpy().astype(float), b.numpy().astype(float), x)[0]
  np.testing.assert_allclose(found['cdf'][1], expected, rtol=1e-5)


@pytest.mark.parametrize('jit', [False, True])
def test_no_nan_and_right_means_from_1e_3_to_1e4(jit: bool) -> None:
  alpha = tf.constant([[1e-3] * 3, [0.01] * 3, [0.1, 2.0, 50.0], [1e4] * 3])

  def log_x(alpha: tf.Tensor) -> tf.Tensor:
    return distributions.Dirichlet(alpha).sample_log(seed=5)[..., 0]

  (by_alpha,) = _gradients(log_x, [alpha], tf.identity, jit)
  wide = alpha.numpy().astype(float)
  total = special.polygamma(1, wide.sum(-1))
  for row in range(4):
    exact = special.polygamma(1, wide[row, 0]) - total[row]
    assert abs(references.z_score(by_alpha[:, row, 0], exact)) < 4
    assert abs(references.z_score(by_alpha[:, row, 1], -total[row])) < 4


@pytest.mark.parametrize('gradient', ['ratio', 'cdf'])
def test_dirichlet_divergence_and_its_path_gradient(gradient: str) -> None:
  alpha = tf.constant([0.5, 1.5, 3.0], tf.float64)
  prior = tfd.Dirichlet(tf.constant([0.7, 0.7, 0.7], tf.float64))
  with tf.GradientTape() as tape:
    tape.watch(alpha)
    kl = tfd.kl_divergence(distributions.Dirichlet(alpha), prior)
  np.testing.assert_allclose(kl, tfd.kl_divergence(tfd.Dirichlet(alpha), prior))
  exact = tape.gradient(kl, alpha).numpy()

  def log_ratio(many: tf.Tensor) -> tf.Tensor:
    q = distributions.Dirichlet(many, gradient=gradient)
    x = q.sample_keeping_log(seed=6)
    return q.log_prob(x) - prior.log_prob(x)

  (path,) = _gradients(log_ratio, [alpha], tf.identity, jit=False)
  for index in range(3):
    assert abs(references.z_score(path[:, index], exact[index])) < 4


def test_densities_agree_with_scipy() -> None:
  a, b = np.array([1e-3, 0.5, 1.0, 30.0]), np.array([2.0, 1e-3, 1.0, 20.0])
  x = np.array([1e-9, 0.999, 0.3, 0.6])
  expected = stats.beta.logpdf(x, a, b)
  beta = distributions.Beta(a, b)
  np.testing.assert_allclose(beta.log_prob(x), expected, rtol=1e-11)
  np.testing.assert_allclose(beta.log_prob_log(np.log(x)), expected, rtol=1e-11)
  alpha, point = np.array([0.2, 1.0, 7.0]), np.array([0.01, 0.3, 0.69])
  dirichlet = distributions.Dirichlet(alpha)
  expected = stats.dirichlet.logpdf(point, alpha)
  np.testing.assert_allclose(dirichlet.log_prob(point), expected, rtol=1e-11)


def test_samples_stay_inside_and_scores_finite() -> None:
  beta = distributions.Beta(tf.fill([4000], 1e-3), 1e-3)
  x = beta.sample_keeping_log(seed=1)
  assert np.all((np.asarray(x) > 0) & (np.asarray(x) < 1))
  assert np.all(np.isfinite(beta.log_prob(x)))
  log_x = beta.sample_log(seed=1)
  # Half of the samples are near 1, where only log(1 - x) tells them apart.
  assert 0.4 < np.mean(np.asarray(x) > 0.5) < 0.6
  dirichlet = distributions.Dirichlet(tf.fill([500, 4], 1e-3))
  z = dirichlet.sample_keeping_log(seed=1)
  log_z = dirichlet.sample_log(seed=1)
  np.testing.assert_array_equal(
    dirichlet.log_prob(z), dirichlet.log_prob_log(log_z)
  )
  assert np.all(np.isfinite(log_z)) and np.all(np.isfinite(log_x))


def test_divergence_of_betas() -> None:
  p, q = distributions.Beta(2.0, 0.1), tfd.Beta(0.5, 3.0)
  expected = tfd.kl_divergence(tfd.Beta(2.0, 0.1), q)
  np.testing.assert_allclose(tfd.kl_divergence(p, q), expected, rtol=1e-5)
