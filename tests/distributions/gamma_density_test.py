"""Densities, CDFs, divergences and log samples of Gamma and InverseGamma."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_densities_agree_with_scipy(dtype: type) -> None:
  alpha = np.array([1e-3, 0.5, 1.0, 30.0, 1e4], dtype)
  x = np.array([1e-20, 0.1, 2.0, 33.0, 1.01e4], dtype)
  wide_alpha, wide_x = alpha.astype(float), x.astype(float)
  # At 1e4 an error of log x counts a hundredfold. That of a logarithm of 9.2 in
  # single precision is up to 2.4e-6, two units in the last place and a half,
  # and differs between a processor's vector instructions and the scalar ones.
  tolerance = 1e-5 if dtype == np.float32 else 1e-11
  hundredfold = 2000 * np.finfo(dtype).eps
  gamma = distributions.Gamma(alpha, dtype(1))
  expected = stats.gamma.logpdf(wide_x, wide_alpha)
  np.testing.assert_allclose(
    gamma.log_prob(x), expected, rtol=tolerance, atol=hundredfold
  )
  np.testing.assert_allclose(
    gamma.log_prob_log(np.log(wide_x).astype(dtype)),
    expected,
    rtol=tolerance,
    atol=hundredfold,
  )
  inverse = distributions.InverseGamma(alpha, dtype(2))
  expected = stats.invgamma.logpdf(wide_x, wide_alpha, scale=2)
  np.testing.assert_allclose(inverse.log_prob(x), expected, rtol=tolerance)


def test_gradients_of_the_cdf() -> None:
  alpha, x = tf.constant([0.2, 3.0], tf.float64), tf.constant([0.1, 4.0])
  x = tf.cast(x, tf.float64)
  for survival in (False, True):
    with tf.GradientTape() as tape:
      tape.watch((alpha, x))
      gamma = distributions.Gamma(alpha, tf.constant(2.0, tf.float64))
      value = gamma.survival_function(x) if survival else gamma.cdf(x)
    by_alpha, by_x = tape.gradient(value, (alpha, x))
    sign = -1 if survival else 1
    density = stats.gamma.pdf(x, alpha, scale=0.5)
    np.testing.assert_allclose(by_x, sign * density, rtol=1e-12)
    h = 1e-6
    upper, lower = (special.gammainc(alpha + s, 2 * x) for s in (h, -h))
    difference = sign * (upper - lower) / (2 * h)
    np.testing.assert_allclose(by_alpha, difference, rtol=1e-8)


def test_inverse_gamma_is_the_reciprocal() -> None:
  alpha = tf.constant([0.01, 0.5, 50.0])
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(alpha)
    log_x = distributions.Gamma(alpha, 3.0).sample_log(seed=1)
    log_y = distributions.InverseGamma(alpha, 3.0).sample_log(seed=1)
  np.testing.assert_allclose(log_y, -log_x, rtol=1e-6)
  np.testing.assert_allclose(
    tape.gradient(log_y, alpha), -tape.gradient(log_x, alpha), rtol=1e-6
  )


def test_divergence_at_every_concentration() -> None:
  for scale in (1e-3, 1.0, 1e4):
    p = distributions.Gamma(tf.constant(scale), 1.0)
    q = tfd.Gamma(tf.constant(1.1 * scale), 1.0)
    a, b = np.float64(np.float32(scale)), np.float64(np.float32(1.1 * scale))
    expected = (
      (a - b) * special.digamma(a) - special.gammaln(a) + special.gammaln(b)
    )
    np.testing.assert_allclose(tfd.kl_divergence(p, q), expected, rtol=2e-6)


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


def test_second_derivatives_are_refused() -> None:
  alpha = tf.constant(2.0)
  with tf.GradientTape() as outer:
    outer.watch(alpha)
    with tf.GradientTape() as inner:
      inner.watch(alpha)
      x = distributions.Gamma(alpha, 1.0).sample(seed=1)
    slope = inner.gradient(x, alpha)
  with pytest.raises(LookupError, match='second derivative'):
    outer.gradient(slope, alpha)
