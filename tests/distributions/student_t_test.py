"""StudentT: both gradients, in expectation and sample by sample.

Statistical tests: |z| < 4 with fixed seeds. A right implementation fails a
comparison once in 15,000 changes of the seed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco.distributions import student_t

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
    attached = student_t._with_cdf_gradient(df, t)
  np.testing.assert_array_equal(attached, t)
  slope = tape.gradient(attached, df).numpy()
  expected = [_t_slope(*point) for point in zip(df, t, strict=True)]
  np.testing.assert_allclose(slope, expected, rtol=1e-6, atol=1e-8)
  # The first two of `expected`, to more digits than its differences have.
  stored = [-0.0537390381537, 0.00156352795722]
  np.testing.assert_allclose(slope[:2], stored, rtol=1e-10)


@pytest.mark.parametrize(('gradient', 'jit'), [('ratio', True), ('cdf', False)])
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
