"""`distributions.implicit` against forms in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd


def test_implicit_normal_is_the_location_scale_form() -> None:
  loc, scale = tf.constant([0.5, -1.0]), tf.constant([2.0, 0.1])
  for make in (lambda d: d, lambda d: tfd.Independent(d, 1)):
    with tf.GradientTape() as tape:
      tape.watch((loc, scale))
      plain = make(tfd.Normal(loc, scale))
      implicit = distributions.implicit(plain)
      z = implicit.sample(seed=1)
    by_loc, by_scale = tape.gradient(z, (loc, scale))
    assert implicit.reparameterization_type == tfd.FULLY_REPARAMETERIZED
    np.testing.assert_allclose(by_loc, [1, 1], rtol=1e-5)
    np.testing.assert_allclose(by_scale, (z - loc) / scale, rtol=1e-5)
    np.testing.assert_allclose(implicit.log_prob(z), plain.log_prob(z))


def test_implicit_gives_a_gradient_to_one_that_has_none() -> None:
  class Triangle(tfd.Distribution):
    """Density 2 x / width^2 on [0, width]."""

    def __init__(self, width: tf.Tensor):
      super().__init__(
        dtype=width.dtype,
        reparameterization_type=tfd.NOT_REPARAMETERIZED,
        validate_args=False,
        allow_nan_stats=True,
        parameters={'width': width},
      )
      self.width = width

    def _sample_n(self, n, seed=None):
      u = tf.random.stateless_uniform([n], seed=seed)
      return tf.stop_gradient(self.width * tf.sqrt(u))

    def _cdf(self, x):
      return (x / self.width) ** 2

    def _log_prob(self, x):
      return tf.math.log(2 * x / self.width**2)

    def _batch_shape(self):
      return tf.TensorShape([])

    def _event_shape(self):
      return tf.TensorShape([])

  width = tf.constant(3.0)
  with tf.GradientTape() as tape:
    tape.watch(width)
    z = distributions.implicit(Triangle(width)).sample(
      4, seed=tf.constant([1, 2])
    )
  np.testing.assert_allclose(
    tape.gradient(z, width), tf.reduce_sum(z) / width, rtol=1e-5
  )


def test_second_derivatives_are_refused() -> None:
  loc = tf.constant(0.5)
  with tf.GradientTape() as outer:
    outer.watch(loc)
    with tf.GradientTape() as inner:
      inner.watch(loc)
      z = distributions.implicit(tfd.Normal(loc, 1.0)).sample(seed=1)
    slope = inner.gradient(z, loc)
  with pytest.raises(LookupError, match='second derivative'):
    outer.gradient(slope, loc)
