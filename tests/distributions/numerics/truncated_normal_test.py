"""The path derivatives of a truncated normal variable, by differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tf_mco.distributions.numerics import (
  truncated_normal as truncated_normal_numerics,
)


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
  computed = tf.function(
    truncated_normal_numerics.derivatives, jit_compile=jit
  )(*tf.constant(points.T))
  expected = np.array([_truncated_slopes(*point) for point in points])
  np.testing.assert_allclose(
    np.transpose(computed), expected, rtol=2e-5, atol=1e-8
  )
  # By loc and scale at the first point, to more digits than differences have.
  stored = [0.0259084637, -0.0017389237]
  np.testing.assert_allclose(
    [computed[0][0], computed[1][0]], stored, rtol=1e-7
  )
