"""distributions.StudentT and TruncatedNormal."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco.distributions import student_t
from tf_mco.distributions.numerics import (
  truncated_normal as truncated_normal_numerics,
)

_DRAWS = 100_000


def _t_slope(df: float, t: float) -> float:
  h = 1e-4
  c = [stats.t.cdf(-abs(t), df + k * h) for k in (-2, -1, 1, 2)]
  by_df = (c[0] - 8 * c[1] + 8 * c[2] - c[3]) / (12 * h)
  return float(np.sign(t) * by_df / stats.t.pdf(t, df))


def test_student_t_cdf_gradient() -> None:
  t = tf.constant([1.0, -0.5, 4.0, -0.01], tf.float64)
  df = tf.constant([3.0, 10.0, 0.7, 40.0], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(df)
    attached = student_t._attach_cdf(df, t)
  np.testing.assert_array_equal(attached, t)
  slope = tape.gradient(attached, df).numpy()
  expected = [_t_slope(*point) for point in zip(df, t, strict=True)]
  np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)
  paper = [-0.0537390381537, 0.00156352795722]  # I4
  np.testing.assert_allclose(slope[:2], paper, rtol=1e-10)


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('gradient', ['ratio', 'cdf'])
def test_student_t_gradient_in_expectation(gradient: str, jit: bool) -> None:
  df = tf.constant([5.0, 30.0])
  draws = _DRAWS if gradient == 'ratio' else _DRAWS // 5  # of a quadrature each

  @tf.function(jit_compile=jit)
  def run() -> tuple[tf.Tensor, tf.Tensor]:
    many = tf.broadcast_to(df, [draws, 2])
    with tf.GradientTape() as tape:
      tape.watch(many)
      t = distributions.StudentT(many, 0.0, 1.0, gradient=gradient).sample(
        seed=2
      )
      value = tf.exp(-(t**2) / 2)
    return value, tape.gradient(value, many)

  value, slope = run()
  for index, nu in enumerate([5.0, 30.0]):

    def mean(nu: float) -> float:
      return stats.t.expect(lambda t: np.exp(-(t**2) / 2), (nu,))

    exact = (mean(nu + 1e-2) - mean(nu - 1e-2)) / 2e-2
    assert abs(references.z_score(value[:, index], mean(nu))) < 4
    assert abs(references.z_score(slope[:, index], exact)) < 4


def test_student_t_location_scale_and_extremes() -> None:
  loc, scale = tf.constant(1.0), tf.constant(2.0)
  with tf.GradientTape() as tape:
    tape.watch((loc, scale))
    t = distributions.StudentT(4.0, loc, scale).sample(seed=1)
  by_loc, by_scale = tape.gradient(t, (loc, scale))
  np.testing.assert_allclose([by_loc, by_scale], [1, (t - 1) / 2], rtol=1e-6)
  df = tf.constant([1e-3, 1e-2, 1e4])
  with tf.GradientTape() as tape:
    tape.watch(df)
    t = distributions.StudentT(df, 0.0, 1.0).sample(1000, seed=1)
  assert np.all(np.isfinite(t)) and np.all(np.isfinite(tape.gradient(t, df)))


def _truncated_slopes(
  z: float, loc: float, scale: float, low: float, high: float
) -> list[float]:
  """Returns the four derivatives by differences of the quantile."""
  parameters = np.array([loc, scale, low, high])

  def mass(p: np.ndarray) -> float:
    a, b = (p[2:] - p[0]) / p[1]
    return stats.truncnorm.cdf(z, a, b, p[0], p[1])

  a, b = (parameters[2:] - loc) / scale
  density = stats.truncnorm.pdf(z, a, b, loc, scale)
  slopes = []
  for index in range(4):
    h = np.zeros(4)
    h[index] = 1e-5
    slopes.append(
      -(mass(parameters + h) - mass(parameters - h)) / 2e-5 / density
    )
  return slopes


@pytest.mark.parametrize('jit', [False, True])
def test_truncated_normal_derivatives(jit: bool) -> None:
  points = np.array(
    [
      [0.3, 0.5, 2.0, 0.0, 1.0],
      [0.3, -3.0, 1.0, 0.0, 5.0],
      [-2.5, 0.0, 0.5, -3.0, -2.0],
      [0.3, 0.2, 1.0, -9.0, 9.0],
    ]
  )
  found = tf.function(truncated_normal_numerics.derivatives, jit_compile=jit)(
    *tf.constant(points.T)
  )
  expected = np.array([_truncated_slopes(*point) for point in points])
  np.testing.assert_allclose(
    np.transpose(found), expected, rtol=2e-5, atol=1e-8
  )
  paper = [0.0259084637, -0.0017389237]  # I4
  np.testing.assert_allclose([found[0][0], found[1][0]], paper, rtol=1e-7)


def test_truncated_normal_samples_in_all_tails() -> None:
  loc = tf.constant([0.5, -40.0, 60.0, 0.0], tf.float64)
  low = tf.constant([0.0, 0.0, -np.inf, -np.inf], tf.float64)
  high = tf.constant([1.0, np.inf, 0.0, np.inf], tf.float64)
  one = tf.ones([], tf.float64)
  distribution = distributions.TruncatedNormal(loc, one, low, high)
  with tf.GradientTape() as tape:
    tape.watch(loc)
    z = distribution.sample(20_000, seed=3)
  slope = tape.gradient(z, loc)
  assert np.all(z >= low) and np.all(z <= high)
  assert np.all(np.isfinite(slope))
  for index in range(4):
    a, b = low[index] - loc[index], high[index] - loc[index]
    cdf = stats.truncnorm(a, b, loc[index], 1).cdf
    assert stats.kstest(z[:, index], cdf).pvalue > 1e-3
  # A far tail is exponential, of rate distance / variance.
  average = slope.numpy()[1] / 20_000
  np.testing.assert_allclose(average, 1 / 40**2, rtol=0.05)
