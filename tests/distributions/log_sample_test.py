"""Samples that keep their logarithm."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample


def test_a_sample_remembers_its_logarithm() -> None:
  gamma = distributions.Gamma(tf.fill([1000], 1e-3), 1.0)
  x = gamma.sample_keeping_log(seed=1)
  log_x = gamma.sample_log(seed=1)
  assert np.mean(np.asarray(x) == np.float32(2.0**-100)) > 0.8
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
