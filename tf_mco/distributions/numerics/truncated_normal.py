"""A normal variable on an interval: samples, and their path derivatives.

Let alpha and beta be the standardized bounds, zeta the standardized sample, u
its CDF and phi the standard normal density. Then

  w_low = (1 - u) phi(alpha) / phi(zeta),  w_high = u phi(beta) / phi(zeta)

are dz/dlow and dz/dhigh, and the other two path derivatives are

  dz/dloc = 1 - w_low - w_high,
  dz/dscale = zeta - alpha w_low - beta w_high.

Written with Mills' ratio m(x) = Phi(-x) / phi(x), the weights are ratios of
numbers of order one in any tail. An interval that lies to the left of 0 is
mirrored, because Mills' ratio is of order one on the right only. The arithmetic
is float64 for any dtype.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from tf_mco._tfp import math as tfp_math
from tf_mco.distributions.numerics import implicit_gradient
from tf_mco.distributions.numerics import traced

_NOTHING_BELOW = -12.0  # P(x < -12) = 2e-33, which is less than a rounding
_NOTHING_BEYOND = 60.0  # above the lower bound, which is at least -12
_NDTRI_ENDS = -30.0  # XLA's `ndtri` is -inf below exp(-40)
_LOG_ROOT = 0.5 * math.log(2 * math.pi)


class _Interval(NamedTuple):
  """Standardized bounds, mirrored so that low + high >= 0, float64."""

  low: tf.Tensor
  high: tf.Tensor
  mirrored: tf.Tensor


def sample(u: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
  """Returns zeta at which the CDF is u (1 - u if mirrored), float64.

  The gradient of the result is stopped.

  Args:
    u: uniform numbers in (0, 1), float64.
    alpha: the standardized lower bound, float64, perhaps -inf.
    beta: the standardized upper bound, float64, perhaps inf.
  """
  # Serves all parameters, whose gradient `with_path_gradient` attaches.
  return _sample(*map(tf.stop_gradient, (u, alpha, beta)))


@traced.in_graph
def _sample(u: tf.Tensor, alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
  """Returns zeta; see `sample`."""
  interval = _mirror(alpha, beta)
  low, high = interval.low, interval.high
  mills = _mills(low)
  # Phi(-high) / Phi(-low), which may underflow to 0 but not to 0 / 0.
  ratio = tf.exp((low**2 - high**2) / 2) * _mills(high) / mills
  # log Phi(-zeta), from Phi(-zeta) = (1 - u) Phi(-low) + u Phi(-high).
  target = tf.math.log(mills) - low**2 / 2 - _LOG_ROOT
  target += tf.math.log1p(-u * (1 - ratio))
  zeta = _inverse_log_survival(target)
  # Rounding may have moved zeta out of a narrow interval.
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
    z: `sample_shape + [...]`, samples without a gradient.
    loc: `[...]`, the location. The gradient flows to all four parameters,
      which have one shape.
    scale: `[...]`, positive.
    low: `[...]`, the lower bound.
    high: `[...]`, the upper bound.
  """
  z = tf.stop_gradient(z)
  return implicit_gradient.with_path_gradient(
    z,
    [loc, scale, low, high],
    lambda *parameters: derivatives(z, *parameters),
  )


@traced.in_graph
def derivatives(
  z: tf.Tensor,
  loc: tf.Tensor,
  scale: tf.Tensor,
  low: tf.Tensor,
  high: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns dz by loc, scale, low and high at fixed F(z), float64.

  The arguments are those of `with_path_gradient`.
  """
  z, loc, scale, low, high = (
    tf.cast(tensor, tf.float64) for tensor in (z, loc, scale, low, high)
  )
  alpha, beta, zeta = ((t - loc) / scale for t in (low, high, z))
  by_low, by_high = _bound_weights(alpha, beta, zeta)
  # An infinite bound does not move, and inf * 0 must be 0 here.
  by_low = tf.where(tf.math.is_inf(alpha), tf.zeros_like(by_low), by_low)
  by_high = tf.where(tf.math.is_inf(beta), tf.zeros_like(by_high), by_high)
  pull = tf.math.multiply_no_nan(alpha, by_low)
  pull += tf.math.multiply_no_nan(beta, by_high)
  return 1 - by_low - by_high, zeta - pull, by_low, by_high


def _bound_weights(
  alpha: tf.Tensor, beta: tf.Tensor, zeta: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns dz/dlow and dz/dhigh from standardized numbers."""
  interval = _mirror(alpha, beta)
  low, high = interval.low, interval.high
  point = tf.where(interval.mirrored, -zeta, zeta)
  point = tf.minimum(tf.maximum(point, low), high)
  # phi(high) / phi(point) and phi(point) / phi(low). The differences of squares
  # are factored, because a plain difference would lose all digits of a narrow
  # interval far out in a tail.
  to_high = tf.exp((point - high) * (point + high) / 2)
  to_point = tf.exp((low - point) * (low + point) / 2)
  mills_low, mills_point, mills_high = map(_mills, (low, point, high))
  # 1 - u and u are differences of survival functions. All of them are divided
  # by the density at their own point.
  whole = mills_low - to_point * to_high * mills_high
  above = (mills_point - to_high * mills_high) / whole
  below = (mills_low - to_point * mills_point) / whole * to_high
  return (
    tf.where(interval.mirrored, below, above),
    tf.where(interval.mirrored, above, below),
  )


def _mirror(alpha: tf.Tensor, beta: tf.Tensor) -> _Interval:
  """Returns the interval, mirrored if most of it lies to the left of 0."""
  mirrored = alpha < -beta
  low = tf.where(mirrored, -beta, alpha)
  high = tf.where(mirrored, -alpha, beta)
  # Finite bounds keep inf - inf out of everything that follows.
  low = tf.maximum(low, _NOTHING_BELOW)
  return _Interval(low, tf.minimum(high, low + _NOTHING_BEYOND), mirrored)


def _mills(x: tf.Tensor) -> tf.Tensor:
  """Returns Mills' ratio, Phi(-x) / phi(x)."""
  return math.sqrt(math.pi / 2) * tfp_math.erfcx(x / math.sqrt(2))


def _inverse_log_survival(target: tf.Tensor) -> tf.Tensor:
  """Returns x with log Phi(-x) = target.

  The first guess is TensorFlow's `ndtri`, or an asymptotic formula where the
  probability is small. Two steps of Newton's method add the missing digits: the
  guess has a relative error of 3e-4, then 5e-8, then a rounding.
  """
  near = -tf.math.ndtri(tf.exp(tf.maximum(target, _NDTRI_ENDS)))
  square = -2 * tf.minimum(target, _NDTRI_ENDS) - 2 * _LOG_ROOT
  # x^2 = -2 target - log(2 pi x^2), with x^2 on the right replaced by a guess.
  far = tf.sqrt(square - tf.math.log(square))
  x = tf.where(target > _NDTRI_ENDS, near, far)
  # Newton's method in log Phi, whose derivative is -1 / m(x). Nearer to 0 than
  # this `ndtri` is exact.
  far_out = target < -1.0
  for _ in range(2):
    safe = tf.where(far_out, x, tf.zeros_like(x))
    mills = _mills(safe)
    excess = tf.math.log(mills) - safe**2 / 2 - _LOG_ROOT - target
    x = tf.where(far_out, x + excess * mills, x)
  return x
