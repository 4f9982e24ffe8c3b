"""RSVI and GREP by quadrature over their noise: mean and variance, 1e-6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco import types
from tf_mco._tfp import tfd

_ROWS = [
  ('rsvi', {'augmentation': 0}),
  ('rsvi', {'augmentation': 1}),
  ('grep', {}),
]
_ALPHAS = (0.6, 2.5, 30.0)
every_row = pytest.mark.parametrize(('name', 'options'), _ROWS)


class Nodes(NamedTuple):
  """Noise, `[R]` each, and what makes its mean an integral."""

  x: np.ndarray  # of Gamma(alpha + B, 1)
  u: np.ndarray  # uniform, of B = 1
  weight: np.ndarray  # sums to 1


def _nodes(alpha: float, augmentation: int) -> Nodes:
  """Returns nodes over x, and over u where there is one."""
  shape = alpha + augmentation
  low, high = stats.gamma.ppf([1e-14, 1 - 1e-14], shape)
  t, w = np.polynomial.legendre.leggauss(200)
  log_x = np.log(low) + (t + 1) / 2 * np.log(high / low)
  weight = w / 2 * np.log(high / low)
  weight = weight * stats.gamma.pdf(np.exp(log_x), shape) * np.exp(log_x)
  if not augmentation:
    return Nodes(np.exp(log_x), np.ones(200), weight)
  # u = v^8, as log u is in what is integrated.
  v, w = np.polynomial.legendre.leggauss(60)
  v = (v + 1) / 2
  x, u = np.meshgrid(np.exp(log_x), v**8, indexing='ij')
  both = weight[:, None] * (w / 2 * 8 * v**7)
  return Nodes(x.ravel(), u.ravel(), both.ravel())


def _noise(name: str, x: np.ndarray, a: float) -> np.ndarray:
  """Returns the noise of x, of Gamma(a, 1)."""
  if name == 'grep':
    return (np.log(x) - special.digamma(a)) / np.sqrt(special.polygamma(1, a))
  return np.sqrt(9 * a - 3) * ((x / (a - 1 / 3)) ** (1 / 3) - 1)


def _from_noise(name: str, e: np.ndarray, u: Any, a: float, b: int) -> tuple:
  """Returns log x of Gamma(a, 1), and the log-density of the noise."""
  s = a + b
  if name == 'grep':
    deviation = np.sqrt(special.polygamma(1, a))
    log_x = e * deviation + special.digamma(a)
    return log_x, stats.gamma.logpdf(np.exp(log_x), a) + log_x + np.log(
      deviation
    )
  cube = 1 + e / np.sqrt(9 * s - 3)
  x = (s - 1 / 3) * cube**3
  slope = 3 * (s - 1 / 3) * cube**2 / np.sqrt(9 * s - 3)
  log_pi = stats.gamma.logpdf(x, s) + np.log(slope)
  return np.log(x) + (np.log(u) / a if b else 0), log_pi


def _extras(name: str, options: Any, e: np.ndarray, u: np.ndarray) -> Any:
  noise = tf.constant(e)[None, :, None]
  if name == 'grep':
    return noise
  log_u = np.log(u)[None, None, :, None][: options['augmentation']]
  return noise, tf.constant(log_u)


def _gradients(
  name: str, options: Any, alpha: float, fn: Callable, rate: float = 1.0
) -> tuple[np.ndarray, Nodes]:
  """Returns the gradients of all nodes in alpha and the rate, `[2, R]`."""
  nodes = _nodes(alpha, options.get('augmentation', 0))
  e = _noise(name, nodes.x, alpha + options.get('augmentation', 0))
  a = tf.fill([len(e), 1], tf.constant(alpha, tf.float64))
  b = tf.fill([len(e), 1], tf.constant(rate, tf.float64))
  estimator: Any = tf_mco.get_estimator(name, **options)
  with tf.GradientTape() as tape:
    tape.watch((a, b))
    q = tfd.Independent(distributions.Gamma(a, b), 1)
    draw = types.Draw(None, extras=_extras(name, options, e, nodes.u))
    value = -estimator.mean_surrogate(fn, q, draw).loss
  found = tape.gradient(value, (a, b))
  return np.stack([g.numpy()[:, 0] for g in found]), nodes


_FUNCTIONS = {
  'square': (
    lambda z: tf.reduce_sum((z - 0.7) ** 2, -1),
    lambda x: (x - 0.7) ** 2,
    lambda a: 2 * a + 1 - 1.4,
  ),
  'log': (
    lambda z: tf.reduce_sum(tf.math.log(z), -1) + 3,
    lambda x: np.log(x) + 3,
    lambda a: special.polygamma(1, a),
  ),
}


@pytest.mark.parametrize('function', _FUNCTIONS)
@pytest.mark.parametrize(
  ('name', 'options', 'alpha'),
  [
    (*row, alpha)
    for row in _ROWS
    for alpha in _ALPHAS
    # Its noise is bounded below, at a place that moves with alpha; the
    # density there vanishes fast enough only for a larger alpha.
    if row != _ROWS[0] or alpha > 1
  ],
)
def test_moments(name: str, options: Any, alpha: float, function: str) -> None:
  fn, reference, derivative = _FUNCTIONS[function]
  found, nodes = _gradients(name, options, alpha, fn)
  np.testing.assert_allclose(nodes.weight.sum(), 1, rtol=1e-10)
  mean = nodes.weight @ found[0]
  np.testing.assert_allclose(mean, derivative(alpha), rtol=1e-6)
  # The estimate by its definition, differentiated by differences.
  augmentation = options.get('augmentation', 0)
  e = _noise(name, nodes.x, alpha + augmentation)
  step = 1e-5 * alpha
  (up, pi_up), (down, pi_down) = (
    _from_noise(name, e, nodes.u, alpha + sign * step, augmentation)
    for sign in (1, -1)
  )
  log_x, _ = _from_noise(name, e, nodes.u, alpha, augmentation)
  path = reference(np.exp(up)) - reference(np.exp(down))
  expected = path + reference(np.exp(log_x)) * (pi_up - pi_down)
  expected /= 2 * step
  variance = nodes.weight @ (found[0] - mean) ** 2
  exact = nodes.weight @ (expected - nodes.weight @ expected) ** 2
  np.testing.assert_allclose(variance, exact, rtol=1e-6)
  assert variance > 0


@every_row
def test_rate(name: str, options: Any) -> None:
  """The rate only scales: a path without a correction."""
  found, nodes = _gradients(
    name, options, 2.5, lambda z: tf.reduce_sum(z, -1), rate=4.0
  )
  np.testing.assert_allclose(nodes.weight @ found[1], -2.5 / 16, rtol=1e-6)


@every_row
def test_bound(name: str, options: Any) -> None:
  """The ELBO of a Gamma against a Gamma: minus the divergence."""
  prior = distributions.Gamma(tf.constant(1.5, tf.float64), 2.0)
  alpha, other = tf.Variable([[2.5]], dtype=tf.float64), tf.Variable(0.0)
  estimator = tf_mco.get_estimator(name, num_samples=100_000, **options)
  with tf.GradientTape(persistent=True) as tape:
    q = tfd.Independent(distributions.Gamma(alpha, tf.ones_like(alpha)), 1)
    divergence = tf.reduce_sum(q.distribution.kl_divergence(prior))
    result = tf_mco.estimate(
      estimator,
      lambda z: (
        tf.reduce_sum(prior.log_prob(z), -1) + 3 * tf.cast(other, z.dtype)
      ),
      q,
      seed=5,
    )
  np.testing.assert_array_equal(result.loss, -result.bound)
  error = np.std(result.log_weights) / np.sqrt(100_000)
  assert abs(result.bound[0] + divergence) < 4 * error
  assert float(tape.gradient(result.loss, other)) == pytest.approx(-3)
  # Standard deviations of single estimates are below 3.
  found = tape.gradient(result.loss, alpha).numpy()
  np.testing.assert_allclose(
    found, tape.gradient(divergence, alpha).numpy(), atol=4 * 3 / 316
  )


@every_row
@pytest.mark.parametrize('jit', [False, True])
def test_dirichlet(name: str, options: Any, jit: bool) -> None:
  """The gradient of E[log z[0]] in float32; draws have the right marginal."""
  alpha = tf.constant([[0.9, 2.0, 4.0]])
  estimator = tf_mco.get_estimator(name, num_samples=100_000, **options)

  @tf.function(jit_compile=jit)
  def both() -> tuple[tf.Tensor, tf.Tensor]:
    with tf.GradientTape() as tape:
      tape.watch(alpha)
      q = distributions.Dirichlet(alpha)
      fn = lambda z: tf.math.log(z[..., 0])  # noqa: E731
      draw = estimator.draw(fn, q, seed=3)
      value = -estimator.mean_surrogate(fn, q, draw).loss
    return tape.gradient(value, alpha), draw.samples

  found, samples = both()
  trigamma = special.polygamma(1, 6.9)
  expected = [special.polygamma(1, 0.9) - trigamma, -trigamma, -trigamma]
  # The largest standard deviation of a single estimate is below 6.
  np.testing.assert_allclose(found[0], expected, atol=4 * 6 / 316)
  marginal = stats.beta(0.9, 6.0)
  pvalue = stats.kstest(samples.numpy()[:, 0, 0], marginal.cdf).pvalue
  assert pvalue > 6e-5  # a false alarm once in 16,000 runs, and the seed is one


def test_other_posteriors() -> None:
  q = tfd.Independent(tfd.Normal(tf.zeros([2, 3]), 1.0), 1)
  for name in ('rsvi', 'grep'):
    with pytest.raises(ValueError, match='Gamma and Dirichlet.*Received'):
      tf_mco.get_estimator(name).draw(None, q, seed=0)


def test_small_concentration_without_augmentation() -> None:
  q = distributions.Dirichlet([[0.2, 0.5]])
  with pytest.raises(ValueError, match='above 1/3.*Received.*0.2'):
    tf_mco.get_estimator('rsvi', augmentation=0).draw(None, q, seed=0)
  with pytest.raises(ValueError, match='Received: augmentation=-1'):
    tf_mco.get_estimator('rsvi', augmentation=-1)
