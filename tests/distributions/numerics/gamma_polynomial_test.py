"""The path derivative in float32, against mpmath and the float64 quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco.distributions.numerics import gamma as gamma_numerics
from tf_mco.distributions.numerics import gamma_polynomial

_NOISE = 5.3  # `random.normal` draws no larger number in float32


def _range_of_the_sampler() -> tuple[np.ndarray, np.ndarray]:
  """Returns concentrations and logarithms of all that a sampler may draw."""
  alpha = np.concatenate([[1e-8], np.geomspace(1e-3, 1e6, 190), [0.999999, 1]])
  d = np.where(alpha < 1, alpha + 1, alpha) - 1 / 3
  noise = np.linspace(-_NOISE, _NOISE, 201)[:, np.newaxis]
  t = np.maximum(noise / (3 * np.sqrt(d)), -0.99999)
  # Below 1 a logarithm of a uniform number, divided by alpha, is added.
  boost = np.log([[[1.0]], [[0.5]], [[1e-4]], [[1e-7]]])
  power = np.where(alpha < 1, boost / alpha, 0)
  log_x = np.log(d) + 3 * np.log1p(t) + power
  return tuple(
    array.ravel().astype(np.float32)
    for array in np.broadcast_arrays(alpha, log_x)
  )


@pytest.mark.parametrize('jit', [False, True])
def test_whole_range_of_the_sampler(jit: bool) -> None:
  alpha, log_x = _range_of_the_sampler()
  derivative = tf.function(gamma_polynomial.log_derivative, jit_compile=jit)
  slope = derivative(tf.constant(alpha), tf.constant(log_x))
  assert slope.dtype == tf.float32
  expected = gamma_numerics.log_derivative(
    tf.constant(alpha), tf.constant(log_x), quality=tf.float64
  )
  np.testing.assert_allclose(slope, expected, rtol=2e-6)


def test_against_the_definition() -> None:
  points = [
    (alpha, float(np.log(np.float32(stats.gamma.ppf(q, alpha)))))
    for alpha in (0.1, 0.7, 1.0, 3.0, 20.0, 1e3, 1e4)
    for q in (0.01, 0.6, 1 - 1e-6)
  ]
  alpha, log_x = np.array(points, np.float32).T
  slope = gamma_polynomial.log_derivative(
    tf.constant(alpha), tf.constant(log_x)
  )
  expected = [
    references.gamma_log_slope(*point)
    for point in zip(alpha, log_x, strict=True)
  ]
  np.testing.assert_allclose(slope, expected, rtol=2e-6)


def test_a_derivative_that_overflows_is_finite() -> None:
  alpha, log_x = tf.constant([1e-25, 2.0]), tf.constant([-1e25, -1e30])
  slope = gamma_polynomial.log_derivative(alpha, log_x)
  np.testing.assert_allclose(slope, [tf.float32.max, 5e29], rtol=1e-6)


def test_nan_stays_nan() -> None:
  nan = float('nan')
  slope = gamma_polynomial.log_derivative(
    tf.constant([nan, 2.0]), tf.constant([0.0, nan])
  )
  assert np.all(np.isnan(slope))
