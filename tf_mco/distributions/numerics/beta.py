"""The derivative of a Beta sample by its own CDF, in log-odds.

With u = log x - log(1 - x), g its density and F its CDF, du/da = -(dF/da) / g.
The score of g in a is log x - E[log x], with mean zero, so that this is the
integral of (E[log x] - log x(t)) g(t) / g(u) over the tail t < u, or its
negative over the other one; likewise in b with log(1 - x). Over the tail that
does not hold the bulk next to nothing cancels. Composite Gauss-Legendre
quadrature, broken where log x and log(1 - x) bend. (The derivative of TFP's
`betainc` is off by 3e-4 at a = 2, b = 3, x = 0.4 in float64.)
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.distributions.numerics import quadrature

_BREAKS = (30.0, 8.0, 0.0, -8.0, -30.0)  # of log-odds
_NODES = 24
_REACH = 36.0
_NEWTON_STEPS = 10


def with_path_gradient(
  a: tf.Tensor, b: tf.Tensor, log_odds: tf.Tensor
) -> tf.Tensor:
  """Returns `log_odds` unchanged, with its gradient in a and b.

  Args:
    a: `[...]`, concentration of x, float64.
    b: concentration of 1 - x, of the same shape or a scalar.
    log_odds: `sample_shape + [...]`, float64, constant.
  Reference: Figurnov, Mohamed and Mnih (2018), equation 5, arXiv:1805.08498.
  """
  log_odds = tf.stop_gradient(log_odds)

  @tf.custom_gradient
  def graft(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      by_a, by_b = log_odds_derivatives(a, b, log_odds)
      return (
        quadrature.reduce_to(upstream * quadrature.first_order(by_a), a),
        quadrature.reduce_to(upstream * quadrature.first_order(by_b), b),
      )

    return tf.identity(log_odds), backward

  return graft(a, b)


def log_odds_derivatives(
  a: tf.Tensor, b: tf.Tensor, log_odds: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the derivatives of the log-odds in a and in b, float64."""
  # 1 - x of Beta(a, b) is Beta(b, a): always a lower tail.
  swap = log_odds > quadrature.digamma(a) - quadrature.digamma(b)
  a, b = a + 0 * log_odds, b + 0 * log_odds
  near, far = tf.where(swap, b, a), tf.where(swap, a, b)
  by_near, by_far = _lower_tail(near, far, tf.where(swap, -log_odds, log_odds))
  return (
    tf.where(swap, -by_far, by_near),
    tf.where(swap, -by_near, by_far),
  )


def _lower_tail(
  a: tf.Tensor, b: tf.Tensor, u: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the derivatives by quadrature over (-inf, u)."""
  both = quadrature.digamma(a + b)
  mean_a, mean_b = quadrature.digamma(a) - both, quadrature.digamma(b) - both
  end = _tail_length(a, b, u)
  breaks = [tf.clip_by_value(u - t, 0.0, end) for t in _BREAKS]
  breaks = [tf.zeros_like(u), *breaks, end]
  top = -_minus_log(a, b, u)
  points, weights = quadrature.unit_nodes(_NODES)
  by_a, by_b = tf.zeros_like(u), tf.zeros_like(u)
  for start, stop in zip(breaks, breaks[1:], strict=False):
    length = stop - start
    t = u - start - tf.tensordot(tf.constant(points, u.dtype), length, 0)
    low, high = tf.nn.softplus(-t), tf.nn.softplus(t)
    height = tf.exp(-(a * low + b * high) - top)
    weight = tf.constant(weights, u.dtype)
    by_a += length * tf.tensordot(weight, (mean_a + low) * height, [[0], [0]])
    by_b += length * tf.tensordot(weight, (mean_b + high) * height, [[0], [0]])
  return by_a, by_b


def _tail_length(a: tf.Tensor, b: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
  """Returns how far below u the density falls by exp(-_REACH).

  By Newton on a convex function, from above.
  """
  level = _minus_log(a, b, u) + _REACH
  length = tf.maximum(u, 0.0) + level / a
  for _ in range(_NEWTON_STEPS):
    slope = a * tf.sigmoid(length - u) - b * tf.sigmoid(u - length)
    excess = _minus_log(a, b, u - length) - level
    length -= tf.where(slope > 0, excess / slope, tf.zeros_like(slope))
  return length


def _minus_log(a: tf.Tensor, b: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
  """Returns minus the log-density of the log-odds, up to a constant."""
  return a * tf.nn.softplus(-u) + b * tf.nn.softplus(u)
