"""Functions of log-weights `[K, B]`, in nats, exact where one dominates.

`tfp.stats.log_loomean_exp` obtains "all but one" by subtraction: with the
float64 log-weights (0, -40, -35, -90) it is off by 0.05 nats, and a single
-inf makes it NaN. Sums of a prefix and a suffix subtract nothing.
"""

import math

import tensorflow as tf


def log_mean_exp(log_w: tf.Tensor) -> tf.Tensor:
  """Returns `[B]`, the K-sample bound log(mean_k(w[k]))."""
  num_samples = log_w.shape[0]
  return tf.reduce_logsumexp(log_w, axis=0) - math.log(num_samples)


def leave_one_out_logsumexp(log_w: tf.Tensor) -> tf.Tensor:
  """Returns `[K, B]`, the log of the sum of all weights but the k-th.

  Args:
    log_w: `[K, B]`, nats. -inf is a weight of zero. No gradient is meant to
      flow.
  Returns:
    `[K, B]`, -inf where all other weights are zero, hence everywhere for K = 1.
  """
  before = tf.math.cumulative_logsumexp(log_w, axis=0, exclusive=True)
  after = tf.math.cumulative_logsumexp(
    log_w, axis=0, exclusive=True, reverse=True
  )
  return log_add_exp(before, after)


def log_add_exp(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns log(exp(x) + exp(y)), -inf where x and y both are -inf."""
  larger = tf.maximum(x, y)
  # Two -inf would subtract to NaN.
  gap = tf.where(x == y, tf.zeros_like(larger), tf.abs(x - y))
  return larger + tf.math.log1p(tf.exp(-gap))


def leave_one_out_mean(values: tf.Tensor) -> tf.Tensor:
  """Returns `[K, B]`, the mean of all but the k-th; -inf if one is -inf."""
  num_samples = values.shape[0]
  infinite = tf.math.is_inf(values)
  finite = tf.where(infinite, tf.zeros_like(values), values)
  infinite_others = _sum_of_others(tf.cast(infinite, values.dtype))
  minus_inf = tf.fill(tf.shape(values), tf.constant(-math.inf, values.dtype))
  means = _sum_of_others(finite) / (num_samples - 1)
  return tf.where(infinite_others > 0, minus_inf, means)


def _sum_of_others(values: tf.Tensor) -> tf.Tensor:
  before = tf.cumsum(values, axis=0, exclusive=True)
  return before + tf.cumsum(values, axis=0, exclusive=True, reverse=True)


def vimco_baseline(log_w: tf.Tensor, baseline: str) -> tf.Tensor:
  """Returns `[K, B]`, the bound with the k-th weight replaced by the others'.

  Args:
    log_w: `[K, B]`, K >= 2, without gradient.
    baseline: 'geometric' or 'arithmetic', the mean that replaces weight k.
  Returns:
    `[K, B]`, a function of the other weights only. Where all other weights are
    zero, both means are zero and the signal L - baseline would be infinite. The
    baseline is then 0, which keeps the estimate finite and its mean unchanged.
  Reference: Mnih and Rezende (2016), Algorithm 1, arXiv:1602.06725.
  """
  num_samples = log_w.shape[0]
  others = leave_one_out_logsumexp(log_w)
  if baseline == 'arithmetic':
    # log((1 / K) (S + S / (K - 1))) = log(S / (K - 1)): K cancels.
    result = others - math.log(num_samples - 1)
  else:
    replacement = leave_one_out_mean(log_w)
    result = log_add_exp(others, replacement) - math.log(num_samples)
  return tf.where(tf.math.is_inf(result), tf.zeros_like(result), result)


def weighted_sum(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
  """Returns sum_k weights[k] values[k], `[B]`, where 0 times -inf is 0.

  Args:
    weights: `[K, B]`, without gradient.
    values: `[K, B]`, nats. The gradient flows, and is 0 where the weight is 0.
  """
  return tf.reduce_sum(tf.math.multiply_no_nan(values, weights), axis=0)


def ratio(numerator: tf.Tensor, denominator: tf.Tensor) -> tf.Tensor:
  """Returns numerator / denominator, 0 where both weights have underflowed."""
  zero = denominator == 0
  safe = tf.where(zero, tf.ones_like(denominator), denominator)
  return tf.where(zero, tf.zeros_like(numerator), numerator / safe)
