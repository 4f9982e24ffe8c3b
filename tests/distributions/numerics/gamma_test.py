"""The path derivative of a Gamma variable, against mpmath and limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco.distributions.numerics import gamma as gamma_numerics

# (alpha, x, dx / dalpha), the last by x * references.gamma_log_slope.
_CASES = [
  (0.1, 0.01, 0.422793438129703),
  (0.5, 0.3, 1.00980194594885),
  (1.0, 1.0, 1.17356302722473),
  (2.5, 1.7, 0.875044381420404),
  (10.0, 9.5, 0.990962499534695),
  (100.0, 110.0, 1.05016062124572),
]

_CONCENTRATIONS = [1e-3, 1e-2, 0.1, 0.7, 1.0, 1.6, 3.0, 20.0, 100.0, 1e3, 1e4]


def _points() -> tuple[np.ndarray, np.ndarray]:
  """Returns concentrations and logarithms of samples over their range."""
  points = []
  for alpha in _CONCENTRATIONS:
    tails = np.array([1e-6, 0.2, 0.6, 1 - 1e-6])
    x = stats.gamma.ppf(tails, alpha)
    points += [(alpha, np.log(v)) for v in x if v > 1e-100]
  return tuple(np.array(points).T)


_ALPHA, _LOG_X = _points()

_SLOPES = np.array(
  [
    references.gamma_log_slope(*point)
    for point in zip(_ALPHA, _LOG_X, strict=True)
  ]
)


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'tolerance'), [(tf.float64, 2e-13), (tf.float32, 2e-6)]
)
def test_path_derivative(dtype: tf.DType, tolerance: float, jit: bool) -> None:
  @tf.function(jit_compile=jit)
  def slopes() -> tf.Tensor:
    return gamma_numerics.log_derivative(_ALPHA, _LOG_X, quality=dtype)

  np.testing.assert_allclose(slopes(), _SLOPES, rtol=tolerance)


def test_path_derivative_of_stored_cases() -> None:
  alpha, x, expected = np.array(_CASES).T
  slope = gamma_numerics.log_derivative(alpha, np.log(x), quality=tf.float64)
  np.testing.assert_allclose(x * slope, expected, rtol=1e-13)


def test_path_derivative_where_x_underflows() -> None:
  log_x = np.array([-18.0, -100.0, -1e4, -1e6])
  for alpha in (1e-3, 0.1, 2.0):
    slope = gamma_numerics.log_derivative(
      np.float64(alpha), log_x, quality=tf.float64
    )
    expected = (special.digamma(alpha + 1) - log_x) / alpha
    np.testing.assert_allclose(slope, expected, rtol=2e-8)


@pytest.mark.parametrize('jit', [False, True])
def test_digamma(jit: bool) -> None:
  x = np.geomspace(1e-6, 1e6, 101)
  digamma = tf.function(gamma_numerics.digamma, jit_compile=jit)(tf.constant(x))
  expected = special.digamma(x)
  np.testing.assert_allclose(digamma, expected, rtol=1e-14, atol=1e-15)


def test_samples_do_not_depend_on_their_neighbours() -> None:
  alpha = tf.constant([0.3, 2.0, 50.0])
  together = gamma_numerics.log_sample(alpha, seed=4)
  changed = gamma_numerics.log_sample(tf.constant([0.3, 9.0, 50.0]), seed=4)
  np.testing.assert_array_equal(together[0::2], changed[0::2])
  assert together[1] != changed[1]
