"""The path derivative of a Beta variable, against quadrature and limits."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco.distributions.numerics import beta as beta_numerics

# (a, b, x, dx / da, dx / db), as references.beta_slopes(a, b, x) computes.
_CASES = [
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


def test_cdf_derivative_of_stored_cases() -> None:
  a, b, x, by_a, by_b = np.array(_CASES).T
  np.testing.assert_allclose(_slopes(a, b, x), [by_a, by_b], rtol=1e-12)


@functools.cache
def _slopes_by_quadrature(points: tuple) -> np.ndarray:
  return np.array([references.beta_slopes(*point) for point in points]).T


@pytest.mark.parametrize('jit', [False, True])
def test_cdf_derivative_against_quadrature(jit: bool) -> None:
  points = [(0.3, 4.0), (1.0, 0.2), (7.0, 2.5), (60.0, 90.0), (0.05, 0.1)]
  grid = [
    (a, b, stats.beta.ppf(p, a, b)) for a, b in points for p in (0.3, 0.8)
  ]
  a, b, x = np.array(grid).T
  expected = _slopes_by_quadrature(tuple(grid))
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
