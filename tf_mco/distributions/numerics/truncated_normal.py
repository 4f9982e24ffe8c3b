"""A normal variable on an interval: samples and their derivatives.

With alpha, beta the standardized bounds, zeta the standardized sample, u its
CDF and phi the normal density,

  w_low = (1 - u) phi(alpha) / phi(zeta),  w_high = u phi(beta) / phi(zeta)

are dz/dlow and dz/dhigh, dz/dloc = 1 - w_low - w_high and dz/dscale = zeta -
alpha w_low - beta w_high. Through Mills' ratio m(x) = Phi(-x) / phi(x) they are
ratios of numbers of order one in any tail; an interval to the left of 0 is
mirrored. The arithmetic is float64 for any dtype.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import NamedTuple

import tensorflow as tf

from tf_mco._tfp import math as tfp_math
from tf_mco.distributions.numerics import quadrature

_NOTHING_BELOW = -12.0  # P(x < -12) = 2e-33: not missed
_NOTHING_BEYOND = 60.0  # above the lower bound, which is >= -12
_NDTRI_ENDS = -600.0  # log-probabilities of which exp() still has digits


class _Interval(NamedTuple):
  """Standardized bounds, mirrored so that low + high >= 0, float64."""

  low: tf.Tensor
  high: tf.Tensor
  mirrored: tf.Tensor


def sample(u: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
  """Returns zeta at which the CDF is u (1 - u if mirrored), float64.

  Args:
    u: in (0, 1), float64.
    alpha: the standardized lower bound, float64, perhaps -inf.
    beta: the upper one.
  """
  interval = _mirror(alpha, beta)
  low, high = interval.low, interval.high
  mills = _mills(low)
  ratio = tf.exp((low**2 - high**2) / 2) * _mills(high) / mills
  # log Phi(-zeta), from Phi(-zeta) = (1 - u) Phi(-low) + u Phi(-high).
  target = tf.math.log(mills) - low**2 / 2 - _LOG_ROOT
  target += tf.math.log1p(-u * (1 - ratio))
  zeta = _inverse_log_survival(target)
  zeta = tf.minimum(tf.maximum(zeta, low), high)
  return tf.where(interval.mirrored, -zeta, zeta)


def with_path_gradient(
  z: tf.Tensor,
  loc: tf.Tensor,
  scale: tf.Tensor,
  low: tf.Tensor,
  high: tf.Tensor,
) -> tf.Tensor:
  """Returns z unchanged, with its gradient in the four parameters.

  Args:
    z: `sample_shape + [...]`, constant.
    loc: `[...]`, as `scale`, `low` and `high` are.
    scale: positive.
    low: the lower bound.
    high: the upper bound.
  """
  z = tf.stop_gradient(z)

  @tf.custom_gradient
  def graft(*parameters: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> list[tf.Tensor]:
      slopes = derivatives(z, *parameters)
      return [
        quadrature.reduce_to(
          upstream * quadrature.first_order(tf.cast(slope, upstream.dtype)), loc
        )
        for slope in slopes
      ]

    return tf.identity(z), backward

  return graft(loc, scale, low, high)


def derivatives(
  z: tf.Tensor,
  loc: tf.Tensor,
  scale: tf.Tensor,
  low: tf.Tensor,
  high: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns dz by loc, scale, low and high at fixed F(z), float64."""
  z, loc, scale, low, high = (
    tf.cast(tensor, tf.float64) for tensor in (z, loc, scale, low, high)
  )
  alpha, beta, zeta = ((t - loc) / scale for t in (low, high, z))
  by_low, by_high = _bound_weights(alpha, beta, zeta)
  # An infinite bound has weight 0.
  pull = tf.math.multiply_no_nan(alpha, by_low)
  pull += tf.math.multiply_no_nan(beta, by_high)
  return 1 - by_low - by_high, zeta - pull, by_low, by_high


def _bound_weights(
  alpha: tf.Tensor, beta: tf.Tensor, zeta: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns dz/dlow and dz/dhigh."""
  interval = _mirror(alpha, beta)
  low, high = interval.low, interval.high
  point = tf.where(interval.mirrored, -zeta, zeta)
  point = tf.minimum(tf.maximum(point, low), high)
  # Factored squares: their difference would lose a narrow interval far out.
  to_high = tf.exp((point - high) * (point + high) / 2)
  to_point = tf.exp((low - point) * (low + point) / 2)
  mills_low, mills_point, mills_high = map(_mills, (low, point, high))
  whole = mills_low - to_point * to_high * mills_high
  above = (mills_point - to_high * mills_high) / whole
  below = (mills_low - to_point * mills_point) / whole * to_high
  return (
    tf.where(interval.mirrored, below, above),
    tf.where(interval.mirrored, above, below),
  )


def _mirror(alpha: tf.Tensor, beta: tf.Tensor) -> _Interval:
  mirrored = alpha < -beta
  low = tf.where(mirrored, -beta, alpha)
  high = tf.where(mirrored, -alpha, beta)
  low = tf.maximum(low, _NOTHING_BELOW)
  return _Interval(low, tf.minimum(high, low + _NOTHING_BEYOND), mirrored)


def _mills(x: tf.Tensor) -> tf.Tensor:
  """Returns Phi(-x) / phi(x)."""
  return math.sqrt(math.pi / 2) * tfp_math.erfcx(x / math.sqrt(2))


_LOG_ROOT = 0.5 * math.log(2 * math.pi)


def _inverse_log_survival(target: tf.Tensor) -> tf.Tensor:
  """Returns x with log Phi(-x) = target; Newton's steps polish it."""
  near = -tf.math.ndtri(tf.exp(tf.maximum(target, _NDTRI_ENDS)))
  square = -2 * tf.minimum(target, _NDTRI_ENDS) - 2 * _LOG_ROOT
  far = tf.sqrt(square - tf.math.log(square))
  x = tf.where(target > _NDTRI_ENDS, near, far)
  far_out = target < -1.0
  for _ in range(2):
    safe = tf.where(far_out, x, tf.zeros_like(x))
    mills = _mills(safe)
    excess = tf.math.log(mills) - safe**2 / 2 - _LOG_ROOT - target
    x = tf.where(far_out, x + excess * mills, x)
  return x
