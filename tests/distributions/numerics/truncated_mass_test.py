"""The mass between two bounds, against SciPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tf_mco.distributions.numerics import truncated_mass


def _interval(*parameters: float) -> truncated_mass.Interval:
  return truncated_mass.Interval(
    *(tf.constant(p, tf.float64) for p in parameters)
  )


@pytest.mark.parametrize('distance', [0.0, 0.5, 8.0, 40.0, 1e3, 1e6])
@pytest.mark.parametrize('scale', [1e-3, 1.0])
def test_probability_of_a_half_line(distance: float, scale: float) -> None:
  loc = -distance * scale
  expected = special.log_ndtr(-distance)
  for interval in (
    _interval(loc, scale, 0.0, np.inf),
    _interval(-loc, scale, -np.inf, 0.0),
  ):
    np.testing.assert_allclose(interval.log_probability(), expected, rtol=1e-13)


def test_a_narrow_interval_far_out_is_exponential() -> None:
  interval = _interval(-1e6, 1.0, 0.0, 1e-6)
  # The rate is the distance, 1e6, hence rate * width is 1.
  np.testing.assert_allclose(
    interval.log_mass(), np.log(-np.expm1(-1.0) / 1e6), rtol=1e-12
  )
  mean = 1e-6 * (1 - 1 / np.expm1(1.0))
  np.testing.assert_allclose(interval.mean(), mean, rtol=1e-11)


def test_a_fraction_of_an_interval() -> None:
  whole = _interval(-2.0, 1.0, 0.0, np.inf)
  part = _interval(-2.0, 1.0, 1.5, np.inf)
  expected = special.log_ndtr(-3.5) - special.log_ndtr(-2.0)
  np.testing.assert_allclose(
    truncated_mass.log_fraction(part, whole), expected, rtol=1e-13
  )
