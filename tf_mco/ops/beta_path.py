"""The derivative of a Beta sample by its own CDF, in log-odds.

With u = log x - log(1 - x), du/da = -(dI/da) / (x (1 - x) q(x)), I the
regularized incomplete Beta function, and likewise in b. TFP's derivatives of I
are right in float64; at the ends, where x underflows, so does I, and its leading
term x^a / (a B(a, b)) is the answer.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco._tfp import math as tfp_math
from tf_mco.ops import special

_LEADING_TERM_ONLY = 1e-10  # of (a + b + 1) x: the error left


def attach(a: tf.Tensor, b: tf.Tensor, log_odds: tf.Tensor) -> tf.Tensor:
  """Returns `log_odds` unchanged, with its gradient in a and b.

  Args:
    a: `[...]`, concentration of x, float64.
    b: `[...]`, concentration of 1 - x, of the same shape.
    log_odds: `sample_shape + [...]`, float64, constant.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 5, arXiv:1805.08498.
  """
  log_odds = tf.stop_gradient(log_odds)

  @tf.custom_gradient
  def graft(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      by_a, by_b = log_odds_derivatives(a, b, log_odds)
      return (
        special.reduce_to(upstream * special.first_order(by_a), a),
        special.reduce_to(upstream * special.first_order(by_b), b),
      )

    return tf.identity(log_odds), backward

  return graft(a, b)


def log_odds_derivatives(
  a: tf.Tensor, b: tf.Tensor, log_odds: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the derivatives of the log-odds in a and in b, float64."""
  # 1 - x of Beta(a, b) is Beta(b, a): the smaller of both is exact.
  swap = log_odds > 0
  a, b = a + 0 * log_odds, b + 0 * log_odds
  near, far = tf.where(swap, b, a), tf.where(swap, a, b)
  by_near, by_far = _lower_half(near, far, -tf.abs(log_odds))
  return (
    tf.where(swap, -by_far, by_near),
    tf.where(swap, -by_near, by_far),
  )


def _lower_half(
  a: tf.Tensor, b: tf.Tensor, log_odds: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the derivatives for x <= 1/2."""
  log_x, log_complement = -tf.nn.softplus(-log_odds), -tf.nn.softplus(log_odds)
  both = special.digamma(a + b)
  end_a = (special.digamma(a + 1) - both - log_x) / a
  end_b = (special.digamma(b) - both) / a
  x = tf.exp(log_x)
  at_end = (a + b + 1) * x < _LEADING_TERM_ONLY
  x = tf.where(at_end, 0.5 * tf.ones_like(x), x)
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch((a, b))
    mass = tfp_math.betainc(a, b, x)
  mass_a, mass_b = tape.gradient(mass, (a, b))
  log_beta = tfp_math.lbeta(a, b)
  # x (1 - x) q(x); NaN or 0 at the ends is not chosen.
  inverse = tf.exp(log_beta - a * log_x - b * log_complement)
  return (
    tf.where(at_end, end_a, -mass_a * inverse),
    tf.where(at_end, end_b, -mass_b * inverse),
  )
