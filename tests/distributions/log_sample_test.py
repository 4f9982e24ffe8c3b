"""Samples that keep their logarithm."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample


def test_a_sample_remembers_its_logarithm() -> None:
  gamma = distributions.Gamma(tf.fill([1000], 1e-3), 1.0)
  x = gamma.sample_keeping_log(seed=1)
  log_x = gamma.sample_log(seed=1)
  assert np.mean(np.asarray(x) == 0) > 0.8
  np.testing.assert_array_equal(log_sample.log(x), log_x)
  np.testing.assert_array_equal(gamma.log_prob(x), gamma.log_prob_log(log_x))
  independent = tfd.Independent(gamma, 1)
  np.testing.assert_allclose(
    independent.log_prob(x), tf.reduce_sum(gamma.log_prob_log(log_x))
  )


def test_gradient_of_the_density_at_an_underflowed_sample() -> None:
  # d log q(x) / d alpha along the path is -(1 - alpha) dlog x / dalpha.
  alpha = tf.fill([1000], 1e-2)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(alpha)
    gamma = distributions.Gamma(alpha, 1.0)
    x, log_x = gamma.sample_keeping_log(seed=1), gamma.sample_log(seed=1)
    through_x = distributions.Gamma(0.3, 1.0).log_prob(x)
    through_log = distributions.Gamma(0.3, 1.0).log_prob_log(log_x)
  np.testing.assert_allclose(
    tape.gradient(through_x, alpha),
    tape.gradient(through_log, alpha),
    rtol=1e-5,
  )


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('jit', [False, True])
def test_what_a_dtype_can_hold(dtype: tf.DType, jit: bool) -> None:
  """A number that underflows is 0, and one that overflows is NaN."""
  limits = np.finfo(dtype.as_numpy_dtype)
  least, most = np.log(limits.tiny), np.log(limits.max)
  log_x = tf.constant([-1e4, least - 0.1, least + 0.1, -1, most + 0.1], dtype)
  expected = np.exp(log_x.numpy())
  expected[[0, 1, 4]] = 0, 0, np.nan
  x = tf.function(log_sample.exp, jit_compile=jit)(log_x)
  np.testing.assert_allclose(x, expected, rtol=1e-5)


def test_numbers_that_round_to_one() -> None:
  x = log_sample.sigmoid(tf.constant([-200.0, -80.0, 0.0, 15.0, 40.0, 200.0]))
  np.testing.assert_allclose(
    x, [0, np.exp(-80), 0.5, 1 - 3.06e-7, 1, 1], rtol=1e-6
  )
  np.testing.assert_allclose(
    log_sample.log_complement(x)[3:], [-15, -40, -200], rtol=1e-6
  )
  np.testing.assert_allclose(
    log_sample.log(x)[:3], [-200, -80, np.log(0.5)], rtol=1e-6
  )


def test_a_lost_memory_is_an_infinite_logarithm() -> None:
  x = log_sample.sigmoid(tf.constant([-200.0, 200.0]))
  np.testing.assert_array_equal(log_sample.log(x + 0)[0], -np.inf)
  np.testing.assert_array_equal(log_sample.log_complement(x + 0)[1], -np.inf)
