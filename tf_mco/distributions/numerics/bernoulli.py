"""Bernoulli bits of any probability, and their log-density from logits.

A comparison of a float32 uniform number, which is a multiple of 2^-23, with a
probability of 9e-27 would give a 1 once in 8e6 draws, because the number 0 is
below any probability. The bits here compare random integers with an integer
threshold. The probability of a 1 is rounded to a multiple of 2^-31 (2^-63 in
float64), and so is the probability of a 0, so that a bit that is less likely
than half of that is never drawn.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.ops import gradients


def log_prob(value: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  """Returns logits * value - softplus(logits), in nats, per variable.

  Args:
    value: 0 or 1, or a probability in between. The value broadcasts with the
      logits.
    logits: any real numbers. Gradients of any order flow to the logits and to
      `value`.
  """
  return value * logits - softplus(logits)


@gradients.custom_gradient
def softplus(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
  """Returns log(1 + exp(x)), to an absolute error of one rounding.

  The function takes half the time of `tf.math.softplus` under XLA, forward
  and backward. Where the result is tiny its *relative* error is large, because
  `log(1 + tiny)` is used and not `log1p(tiny)`. The log-density subtracts the
  result from a number and never takes its logarithm, so that only the absolute
  error counts.
  """
  # The exponent is never positive, hence exp() never overflows.
  value = tf.nn.relu(x) + tf.math.log(1 + tf.exp(-tf.abs(x)))

  def gradient(upstream: tf.Tensor) -> tf.Tensor:
    # Written with a differentiable function, so that the second derivative
    # exists as well.
    return upstream * tf.sigmoid(x)

  return value, gradient


def threshold(logits: tf.Tensor) -> tf.Tensor:
  """Returns T such that P(w < T) = sigmoid(logits) for `random.words` w.

  Args:
    logits: `[...]`, float32 or float64. No gradient flows.
  Returns:
    `[...]`, int32 or int64. P is rounded to a multiple of 2^-31 (2^-63).
  """
  return _threshold(tf.sigmoid(-tf.abs(logits)), logits > 0)


def threshold_of_probability(probability: tf.Tensor) -> tf.Tensor:
  """Returns T such that P(w < T) = probability for `random.words` w.

  Args:
    probability: `[...]` in [0, 1], float32 or float64. No gradient flows.
  Returns:
    As `threshold` does.
  """
  upper = probability > 0.5
  smaller = tf.where(upper, 1 - probability, probability)
  return _threshold(smaller, upper)


def _threshold(smaller: tf.Tensor, upper: tf.Tensor) -> tf.Tensor:
  """Returns T from the smaller of P(0) and P(1), and whether that is P(0)."""
  kind = tf.int64 if smaller.dtype == tf.float64 else tf.int32
  size = 2.0 ** (kind.size * 8 - 1)
  # At most half of the range, which the integer holds. Both ends are counted
  # from their own side, because 1 - P has lost the digits of a small P.
  count = tf.cast(tf.round(tf.stop_gradient(smaller) * size), kind)
  half = tf.constant(2 ** (kind.size * 8 - 2), kind)
  return tf.where(upper, half - count, count - half)
