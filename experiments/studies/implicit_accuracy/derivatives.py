"""d log x / d alpha of a Gamma sample x: reference, tf_mco, TensorFlow."""

from __future__ import annotations

import mpmath
import numpy as np
import tensorflow as tf

from tf_mco.distributions.numerics import gamma as gamma_numerics

QUANTILES = (0.01, 0.5, 0.99)
_DIGITS = 40  # decimal digits of mpmath


def quantile(alpha: float, probability: float) -> float:
  """Returns log x with F(x; alpha) = probability, to a few digits.

  The function bisects. F increases in log x, and the quantile lies between two
  bounds: F(x) < x^alpha / Gamma(alpha + 1) gives the lower one, and the upper
  one is far above both this bound and the mean, alpha.
  """
  with mpmath.workdps(_DIGITS):
    target = mpmath.mpf(probability)
    low = (mpmath.log(target) + mpmath.loggamma(alpha + 1)) / alpha
    high = max(low, mpmath.log(alpha)) + 12
    for _ in range(40):
      middle = (low + high) / 2
      below = _cdf(mpmath.mpf(alpha), middle) < target
      low, high = (middle, high) if below else (low, middle)
    return float((low + high) / 2)


def _cdf(alpha: mpmath.mpf, log_x: mpmath.mpf) -> mpmath.mpf:
  return mpmath.gammainc(alpha, 0, mpmath.exp(log_x), regularized=True)


def reference(alpha: float, log_x: float) -> float:
  """Returns -(dF / d alpha) / (x q(x)), by central differences.

  Differentiating F(x(alpha); alpha) = constant gives the derivative of log x in
  alpha. Forty digits leave about 16 after differences of relative step 1e-12,
  whose own error is of the order of the step squared.
  """
  with mpmath.workdps(_DIGITS):
    a, log = mpmath.mpf(alpha), mpmath.mpf(log_x)
    step = a * mpmath.mpf(10) ** -12
    slope = (_cdf(a + step, log) - _cdf(a - step, log)) / (2 * step)
    log_density = a * log - mpmath.exp(log) - mpmath.loggamma(a)
    return float(-slope / mpmath.exp(log_density))


def ours(alpha: np.ndarray, log_x: np.ndarray, dtype: tf.DType) -> np.ndarray:
  """Returns the derivative of tf_mco, as a sample of that dtype has it."""
  alpha, log_x = tf.constant(alpha, dtype), tf.constant(log_x, dtype)
  with tf.GradientTape() as tape:
    tape.watch(alpha)
    value = gamma_numerics.with_path_gradient(alpha, log_x)
  return tape.gradient(value, alpha).numpy()


def tensorflow(
  alpha: np.ndarray, log_x: np.ndarray, dtype: tf.DType, *, jit: bool
) -> np.ndarray:
  """Returns the derivative of TensorFlow's kernel, divided by x."""

  @tf.function(jit_compile=jit)
  def derivative(alpha: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.RandomGammaGrad(alpha=alpha, sample=x) / x

  x = tf.exp(tf.constant(log_x, dtype))
  return derivative(tf.constant(alpha, dtype), x).numpy()
