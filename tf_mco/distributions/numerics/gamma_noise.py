"""Gamma variables as functions of a noise whose density depends on alpha.

Let x = h(e, alpha) be of Gamma(alpha, 1). Then the noise e has the density
pi(e; alpha) = q(h(e, alpha); alpha) dh/de. If pi does not depend on alpha, this
is reparameterization. For the noises of this file pi depends on alpha a little,
and the remaining dependence enters a gradient through the score of pi (Ruiz,
Titsias and Blei 2016, arXiv:1610.02287, equation 7).

The arguments are float64, because near alpha = 1e4 the densities are
differences of large numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

MINIMUM_SHAPE = 1 / 3  # Marsaglia and Tsang's transformation needs more


class Variable(NamedTuple):
  """A Gamma variable made from its noise."""

  log_x: tf.Tensor  # log x; its gradient in alpha is the path derivative
  log_pi: tf.Tensor  # log-density of the noise, nats; its gradient corrects


def rejection_noise(log_x: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
  """Returns the normal proposal that Marsaglia and Tsang accept as x.

  Args:
    log_x: `[...]`, logarithms of Gamma(alpha, 1) variables.
    alpha: `[...]`, above 1/3.
  """
  shape = alpha - 1 / 3
  # expm1 keeps the digits of a small noise, where x is near alpha - 1/3.
  return 3 * tf.sqrt(shape) * tf.math.expm1((log_x - tf.math.log(shape)) / 3)


def from_rejection_noise(noise: tf.Tensor, alpha: tf.Tensor) -> Variable:
  """Returns x = (alpha - 1/3) (1 + e / sqrt(9 alpha - 3))^3.

  Args:
    noise: `[...]`, without a gradient.
    alpha: `[...]`, above 1/3. The gradient flows to alpha.
  Reference: Naesseth et al. (2017), arXiv:1610.05683, section 4.
  """
  shape = alpha - 1 / 3
  log_cube_root = tf.math.log1p(noise / (3 * tf.sqrt(shape)))
  log_shape = tf.math.log(shape)
  log_x = log_shape + 3 * log_cube_root
  # dx / de = sqrt(alpha - 1/3) (1 + e / sqrt(9 alpha - 3))^2.
  log_slope = log_shape / 2 + 2 * log_cube_root
  log_q = (alpha - 1) * log_x - tf.exp(log_x) - tf.math.lgamma(alpha)
  return Variable(log_x, log_q + log_slope)


def standard_noise(log_x: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
  """Returns (log x - E[log x]) / the standard deviation of log x.

  Args:
    log_x: `[...]`, logarithms of Gamma(alpha, 1) variables.
    alpha: `[...]`, positive.
  """
  return (log_x - tf.math.digamma(alpha)) / tf.sqrt(_trigamma(alpha))


def from_standard_noise(noise: tf.Tensor, alpha: tf.Tensor) -> Variable:
  """Returns x, where log x is the noise scaled and shifted.

  The scale and the shift are the standard deviation and the mean of the
  logarithm of a Gamma(alpha, 1) variable.

  Args:
    noise: `[...]`, without a gradient.
    alpha: `[...]`, positive. The gradient flows to alpha.
  Reference: Ruiz, Titsias and Blei (2016), arXiv:1610.02287, section 3.2.
  """
  variance = _trigamma(alpha)
  log_x = noise * tf.sqrt(variance) + tf.math.digamma(alpha)
  # dx / de = x sqrt(variance).
  log_pi = alpha * log_x - tf.exp(log_x) - tf.math.lgamma(alpha)
  return Variable(log_x, log_pi + tf.math.log(variance) / 2)


def _trigamma(alpha: tf.Tensor) -> tf.Tensor:
  """Returns the variance of log x."""
  return tf.math.polygamma(tf.ones_like(alpha), alpha)


def log_augmentation(
  log_uniform: tf.Tensor, alpha: tf.Tensor, steps: int
) -> tf.Tensor:
  """Returns log x - log x' for x' of Gamma(alpha + B) and x of Gamma(alpha).

  x = x' u[1]^(1 / alpha) ... u[B]^(1 / (alpha + B - 1)). The variable x', whose
  concentration is larger, is closer to a normal variable, and its proposal is
  accepted more often.

  Args:
    log_uniform: `[B, ...]`, logarithms of uniform numbers.
    alpha: `[...]`, positive. The gradient flows to alpha.
    steps: B.
  """
  total = tf.zeros_like(alpha)
  for step in range(steps):
    total += log_uniform[step] / (alpha + step)
  return total
