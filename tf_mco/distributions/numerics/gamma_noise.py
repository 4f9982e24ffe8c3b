"""Gamma variables as functions of a noise whose density depends on them too.

With x = h(e, alpha) and x of Gamma(alpha, 1), the noise e has the density
pi(e; alpha) = q(h(e, alpha); alpha) dh/de. If pi does not depend on alpha this
is reparameterization; here it does, a little, and what it contributes to a
gradient is a score (Ruiz, Titsias and Blei 2016, arXiv:1610.02287, eq. 7).

All in float64: near 1e4 the densities are differences of large numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Variable(NamedTuple):
  """A Gamma variable made from its noise."""

  log_x: tf.Tensor  # the path is in it
  log_pi: tf.Tensor  # log-density of the noise, nats; the correction


def rejection_noise(log_x: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
  """Returns the normal proposal that Marsaglia and Tsang accept as x.

  Args:
    log_x: of Gamma(alpha, 1).
    alpha: above 1/3.
  """
  shape = alpha - 1 / 3
  return 3 * tf.sqrt(shape) * tf.math.expm1((log_x - tf.math.log(shape)) / 3)


def from_rejection_noise(noise: tf.Tensor, alpha: tf.Tensor) -> Variable:
  """Returns x = (alpha - 1/3) (1 + e / sqrt(9 alpha - 3))^3.

  Args:
    noise: without gradient.
    alpha: above 1/3; the gradient flows.
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
  """Returns log x less its mean, over its standard deviation.

  Args:
    log_x: of Gamma(alpha, 1).
    alpha: positive.
  """
  return (log_x - tf.math.digamma(alpha)) / tf.sqrt(_trigamma(alpha))


def from_standard_noise(noise: tf.Tensor, alpha: tf.Tensor) -> Variable:
  """Returns x with log x of the mean and the variance of that of a Gamma.

  Args:
    noise: without gradient.
    alpha: positive; the gradient flows.
  Reference: Ruiz, Titsias and Blei (2016), arXiv:1610.02287, section 3.2.
  """
  variance = _trigamma(alpha)
  log_x = noise * tf.sqrt(variance) + tf.math.digamma(alpha)
  # dx / de = x sqrt(variance).
  log_pi = alpha * log_x - tf.exp(log_x) - tf.math.lgamma(alpha)
  return Variable(log_x, log_pi + tf.math.log(variance) / 2)


def _trigamma(alpha: tf.Tensor) -> tf.Tensor:
  return tf.math.polygamma(tf.ones_like(alpha), alpha)


def log_augmentation(
  log_uniform: tf.Tensor, alpha: tf.Tensor, steps: int
) -> tf.Tensor:
  """Returns what takes log x from Gamma(alpha + B) to Gamma(alpha).

  x = x' u[1]^(1 / alpha) ... u[B]^(1 / (alpha + B - 1)): the larger shape is
  nearer to a normal variable, and its proposal more often accepted.

  Args:
    log_uniform: `[B, ...]`, logarithms of uniform numbers.
    alpha: `[...]`, positive; the gradient flows.
    steps: B.
  """
  total = tf.zeros_like(alpha)
  for step in range(steps):
    total += log_uniform[step] / (alpha + step)
  return total


MINIMUM_SHAPE = 1 / 3
