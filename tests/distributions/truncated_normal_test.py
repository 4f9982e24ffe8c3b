"""TruncatedNormal in the bulk, in all tails and with open bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco.distributions.numerics import quadrature
from tf_mco.distributions.numerics import (
  truncated_normal as truncated_normal_numerics,
)

_INF = np.inf

# loc, scale, low, high and x.
_CASES = np.array(
  [
    (0.5, 0.7, 0.0, _INF, 0.3),
    (-3.0, 1.0, 0.0, _INF, 0.2),
    (-1000.0, 1.0, 0.0, _INF, 2e-3),
    (1000.0, 1.0, 0.0, 1.0, 0.9995),
    (2.0, 1e-4, 0.0, 1.0, 0.99999994),
    (0.0, 1.0, -_INF, _INF, 0.4),
    (30.0, 2.0, -_INF, 5.0, 4.8),
    (0.0, 1.0, -_INF, 6.0, 0.3),
    (0.5, 1.0, -1e-5, 1e-5, 3e-6),
    (3.0, 1.0, -1.0, 3.0, 0.5),
  ]
)


def test_the_stored_values() -> None:
  """Values that were computed elsewhere, by SciPy and by hand."""
  scale = tf.constant(0.7, tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(scale)
    half = distributions.TruncatedNormal(np.float64(0.5), scale, 0.0, _INF)
    log_prob = half.log_prob(0.3)
  np.testing.assert_allclose(
    tape.gradient(log_prob, scale), -0.898269, atol=5e-7
  )
  # Float32, 1e4 scales from the location: the last number below 1.
  far = distributions.TruncatedNormal(2.0, 1e-4, 0.0, 1.0)
  x = np.nextafter(np.float32(1), np.float32(0))
  np.testing.assert_allclose(far.log_prob(1.0), 18.42068, atol=1e-4)
  np.testing.assert_allclose(far.log_prob(x), 12.46, atol=0.01)


@pytest.mark.parametrize(
  ('dtype', 'tolerance', 'jit'),
  [
    (tf.float64, 1e-11, False),
    (tf.float32, 1e-6, False),
    (tf.float32, 1e-6, True),
  ],
)
def test_density_and_moments_with_their_gradients(
  dtype: tf.DType, tolerance: float, jit: bool
) -> None:
  cases = tf.constant(_CASES.T, dtype)
  expected = [references.truncated_normal(*case) for case in cases.numpy().T]

  @tf.function(jit_compile=jit)
  def run(*parameters: tf.Tensor) -> tuple[dict, list]:
    with tf.GradientTape(persistent=True) as tape:
      tape.watch(parameters)
      q = distributions.TruncatedNormal(*parameters[:4])
      log_prob = q.log_prob(parameters[4])
      others = [q.entropy(), q.mean(), q.variance(), q.sample(3, seed=1)]
      others += [q.cdf(parameters[4]), q.survival_function(parameters[4])]
    found = {
      name: tape.gradient(log_prob, parameter)
      for name, parameter in zip(
        ('by_loc', 'by_scale', 'by_low', 'by_high'), parameters, strict=False
      )
    }
    found |= {'log_prob': log_prob, 'entropy': others[0]}
    found |= {'mean': others[1], 'variance': others[2]}
    gradients = [tape.gradient(value, parameters[:4]) for value in others]
    return found, [others, gradients]

  found, finite = run(*tf.unstack(cases))
  for name, values in found.items():
    right = [case[name] for case in expected]
    np.testing.assert_allclose(
      values, right, rtol=tolerance, atol=1e-15, err_msg=name
    )
  for value in tf.nest.flatten(finite):
    assert np.all(np.isfinite(value))
  below, above = finite[0][4:]
  np.testing.assert_allclose(below + above, 1, rtol=tolerance)


def test_tails_agree_with_scipy() -> None:
  loc, scale, low, high, x = (_CASES[[0, 1, 6, 9]]).T
  q = distributions.TruncatedNormal(loc, scale, low, high)
  p = stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)
  np.testing.assert_allclose(q.log_cdf(x), p.logcdf(x), rtol=1e-9)
  np.testing.assert_allclose(
    q.log_survival_function(x), p.logsf(x), rtol=1e-9, atol=1e-13
  )
  for outside, below in ((low - 1, 0.0), (high + 1, 1.0)):
    x = np.where(np.isinf(outside), 0, outside)
    known = ~np.isinf(outside)
    np.testing.assert_array_equal(q.log_prob(x)[known], -_INF)
    np.testing.assert_array_equal(q.cdf(x)[known], below)
    np.testing.assert_array_equal(q.survival_function(x)[known], 1 - below)


def test_no_gradient_is_nan_outside_of_the_support() -> None:
  parameters = [tf.constant(v, tf.float64) for v in (0.5, 0.7, 0.0, _INF)]
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    q = distributions.TruncatedNormal(*parameters)
    values = [q.log_prob(-1.0), q.cdf(-1.0), q.survival_function(-1.0)]
  for value in values:
    assert np.all(np.asarray(tape.gradient(value, parameters)) == 0)


def test_second_derivative_of_the_log_density() -> None:
  loc = tf.constant([-30.0, 0.3], tf.float64)
  with tf.GradientTape() as outer:
    outer.watch(loc)
    with tf.GradientTape() as inner:
      inner.watch(loc)
      q = distributions.TruncatedNormal(loc, np.float64(1), 0.0, _INF)
      log_prob = q.log_prob(0.4)
    slope = inner.gradient(log_prob, loc)
  # The log-density has the curvature (variance of x - scale^2) / scale^4, less
  # the one of -x^2 / 2, which is 1.
  np.testing.assert_allclose(
    outer.gradient(slope, loc), -q.variance(), rtol=1e-9
  )


@pytest.mark.parametrize('jit', [False, True])
def test_samples_far_in_a_tail(jit: bool) -> None:
  """XLA's inverse of the normal CDF ends 8.5 scales from the location."""
  loc = np.array([-5.0, -8.4, -8.7, -20.0, -300.0, -1000.0])
  # The location is an argument, because XLA computes what follows from a
  # constant in another way.
  draw = tf.function(
    lambda loc: distributions.TruncatedNormal(loc, 1.0, 0.0, _INF).sample(
      2000, seed=5
    ),
    jit_compile=jit,
  )
  z = draw(tf.constant(loc)).numpy()
  for index, one in enumerate(loc):
    tail = np.exp(special.log_ndtr(one - z[:, index]) - special.log_ndtr(one))
    assert stats.kstest(tail, 'uniform').pvalue > 1e-3


@pytest.mark.parametrize('high', [1.5, _INF])
def test_the_path_gradient_of_a_bound_that_moves(high: float) -> None:
  """The function differs at the bounds, and its path gradient is right.

  Every sample moves with the bounds, and none leaves the interval, so that the
  mean has no boundary term. A derivative of the mean by the score has one.
  """
  parameters = [tf.constant(v, tf.float64) for v in (0.4, 0.8, -0.5, high)]
  nodes, weights = quadrature.unit_nodes(60)

  def points() -> tuple[tf.Tensor, tf.Tensor]:
    length = tf.minimum(parameters[3], 9.0) - parameters[2]
    return parameters[2] + length * nodes, length * weights

  def density(x: tf.Tensor) -> tf.Tensor:
    return distributions.TruncatedNormal(*parameters).prob(x)

  with tf.GradientTape() as tape:
    tape.watch(parameters)
    x, weight = points()
    integral = tf.reduce_sum(weight * density(x) * tf.sin(x))
  expected = tape.gradient(integral, parameters)
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    z = truncated_normal_numerics.with_path_gradient(x, *parameters)
    total = tf.reduce_sum(tf.stop_gradient(weight * density(x)) * tf.sin(z))
  found = tape.gradient(total, parameters)
  np.testing.assert_allclose(found, expected, atol=1e-10)


def test_the_mean_of_the_score_in_a_bound_is_the_density_there() -> None:
  """Hence an estimator that uses or drops the score is wrong in a bound."""
  parameters = [tf.constant(v, tf.float64) for v in (0.4, 0.8, -0.5, 1.5)]
  nodes, weights = quadrature.unit_nodes(40)
  x = -0.5 + 2.0 * nodes
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    q = distributions.TruncatedNormal(*parameters)
    log_prob = q.log_prob(x)
    total = tf.reduce_sum(2 * weights * tf.stop_gradient(q.prob(x)) * log_prob)
  expected = [0, 0, q.prob(-0.5), -q.prob(1.5)]
  np.testing.assert_allclose(
    tape.gradient(total, parameters), expected, atol=1e-12
  )


def test_without_bounds_samples_move_as_normal_samples_do() -> None:
  parameters = [tf.constant(v, tf.float64) for v in (0.4, 0.8, -_INF, _INF)]
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    z = distributions.TruncatedNormal(*parameters).sample(seed=3)
  expected = [1, (z - 0.4) / 0.8, 0, 0]
  np.testing.assert_allclose(tape.gradient(z, parameters), expected, atol=1e-12)
