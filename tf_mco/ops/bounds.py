"""Estimates of log p(x) from log-weights, to evaluate and not to train with."""

from __future__ import annotations

from collections.abc import Sequence
import fractions
import itertools
import math

import numpy as np
import tensorflow as tf

from tf_mco.ops import checks
from tf_mco.ops import log_weights as log_weights_lib


def jackknife(log_w: tf.Tensor, order: int) -> tf.Tensor:
  """Returns the jackknife estimate of log p(x), `[B]`, in nats.

  The bias of the estimate falls as K^-(order + 1). Warning: the estimate is no
  bound, and its cost grows with the number of subsets, K choose `order`. Where
  so many weights are zero that a subset has no other weight, the estimate is
  the limit of small weights, which may be inf. Where all weights are zero, the
  estimate is -inf.

  Args:
    log_w: `[K, B]`, nats.
    order: m, 0 <= m < K. The order 0 gives the K-sample bound.
  Raises:
    ValueError: for log-weights of another shape, and for an order out of range.

  #### Example

  >>> log_w = tf.math.log([[1.0], [3.0]])
  >>> print(round(float(tf.exp(jackknife(log_w, 0))[0]), 4))
  2.0
  >>> print(round(float(tf.exp(jackknife(log_w, 1))[0]), 4))
  2.3094

  Reference: Nowozin (2018), Debiasing evidence approximations.
  """
  log_w = checked(log_w)
  num_samples = log_w.shape[0]
  integer = isinstance(order, (int, np.integer)) and not isinstance(order, bool)
  if not integer or not 0 <= order < num_samples:
    raise ValueError(
      f'`order` must be an integer in [0, K) = [0, {num_samples}). Received: '
      f'order={order!r}'
    )
  order = int(order)
  terms = []
  for left_out in range(order + 1):
    size = num_samples - left_out
    subsets = list(itertools.combinations(range(num_samples), size))
    groups = tf.gather(log_w, tf.constant(subsets))  # [subsets, size, B]
    bounds = tf.reduce_logsumexp(groups, axis=1) - math.log(size)
    # The infinite terms are added below, because inf - inf would be NaN.
    finite = tf.where(bounds == -math.inf, tf.zeros_like(bounds), bounds)
    coefficient = sharot_coefficient(num_samples, order, left_out)
    terms.append(coefficient * tf.reduce_mean(finite, axis=0))
  num_zero = tf.math.count_nonzero(log_w == -math.inf, axis=0, dtype=tf.int32)
  limits = tf.constant(_jackknife_limits(num_samples, order), log_w.dtype)
  return tf.add_n(terms) + tf.gather(limits, num_zero)


def _jackknife_limits(num_samples: int, order: int) -> list[float]:
  """Returns 0, inf or -inf for each number of weights that are zero.

  As these weights go to zero, the estimate grows as their logarithm times a sum
  of coefficients of both signs, of which this is the sign.
  """
  limits = []
  for num_zero in range(num_samples + 1):
    share = fractions.Fraction(0)
    for j in range(order + 1):
      size = num_samples - j
      chance = fractions.Fraction(
        math.comb(num_zero, size), math.comb(num_samples, size)
      )
      divisor = math.factorial(order - j) * math.factorial(j)
      share += chance * fractions.Fraction((-1) ** j * size**order, divisor)
    limits.append(-math.inf * (1 if share > 0 else -1) if share else 0.0)
  return limits


def sharot_coefficient(num_samples: int, order: int, left_out: int) -> float:
  """Returns the coefficient of the bounds of K - j samples in the jackknife."""
  return (
    (-1) ** left_out
    * (num_samples - left_out) ** order
    / (math.factorial(order - left_out) * math.factorial(left_out))
  )


def cubo(log_w: tf.Tensor, n: float) -> tf.Tensor:
  """Returns the chi upper bound of order n, log(mean_k(w[k]^n)) / n, `[B]`.

  The expectation of the mean inside the logarithm gives an upper bound of
  log p(x). Warning: the estimate itself, from K samples, may lie below.

  Args:
    log_w: `[K, B]`, nats.
    n: the order, > 1.
  Raises:
    ValueError: for log-weights of another shape, and for an order out of range.

  #### Example

  >>> log_w = tf.math.log([[1.0], [3.0]])
  >>> print(round(float(tf.exp(cubo(log_w, 2))[0]), 4))
  2.2361

  Reference: Dieng et al. (2017), arXiv:1611.00328.
  """
  log_w = checked(log_w)
  n = checks.between('n', n, 1, math.inf)
  return log_weights_lib.log_mean_exp(n * log_w) / n


def tvo(
  log_w: tf.Tensor, betas: Sequence[float], rule: str = 'left'
) -> tf.Tensor:
  """Returns the thermodynamic integral of log p(x), `[B]`, in nats.

  The derivative of log E_q[w^beta] in beta is the mean of log w under the
  weights w^beta, and its integral from 0 to 1 is log p(x). A weight of zero has
  no part in the mean unless beta is 0, where all samples count alike and the
  mean is -inf. The 'left' and the 'trapezoid' rule are then -inf.

  Args:
    log_w: `[K, B]`, nats.
    betas: the nodes of the integral, increasing from 0 to 1.
    rule: 'left' (below log p(x) as K grows), 'right' (above) or 'trapezoid'.
  Raises:
    ValueError: for log-weights of another shape, for betas that do not increase
      from 0 to 1, and for an unknown rule.

  #### Example

  >>> log_w = tf.math.log([[1.0], [3.0]])
  >>> print(round(float(tvo(log_w, [0.0, 1.0])[0]), 4))  # the ELBO
  0.5493

  Reference: Masrani, Le and Wood (2019), arXiv:1907.00031.
  """
  log_w = checked(log_w)
  try:
    betas = [float(beta) for beta in betas]
  except (TypeError, ValueError) as error:
    raise ValueError(
      f'`betas` must increase from 0 to 1. Received: betas={betas!r}'
    ) from error
  checks.one_of('rule', rule, ('left', 'right', 'trapezoid'))
  pairs = list(itertools.pairwise(betas))
  increasing = all(low < high for low, high in pairs)
  if not pairs or not increasing or (betas[0], betas[-1]) != (0.0, 1.0):
    raise ValueError(
      f'`betas` must increase from 0 to 1. Received: betas={betas}'
    )
  expected = [_tempered_mean(log_w, beta) for beta in betas]
  widths = [high - low for low, high in pairs]

  def integral(values: list[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([w * v for w, v in zip(widths, values, strict=True)])

  left, right = integral(expected[:-1]), integral(expected[1:])
  return {'left': left, 'right': right, 'trapezoid': (left + right) / 2}[rule]


def _tempered_mean(log_w: tf.Tensor, beta: float) -> tf.Tensor:
  """Returns the mean of log w under the weights w^beta, `[B]`, in nats."""
  if beta == 0:
    return tf.reduce_mean(log_w, axis=0)
  zero = log_w == -math.inf
  # The product of the weight 0 and the logarithm -inf is 0 here, and has no
  # gradient.
  finite = tf.where(zero, tf.zeros_like(log_w), log_w)
  nothing = tf.reduce_all(zero, axis=0)
  # A softmax of nothing but -inf would be NaN.
  tempered = tf.where(nothing, tf.zeros_like(log_w), beta * log_w)
  mean = tf.reduce_sum(tf.nn.softmax(tempered, axis=0) * finite, axis=0)
  return tf.where(nothing, tf.constant(-math.inf, log_w.dtype), mean)


def checked(log_w: tf.Tensor) -> tf.Tensor:
  """Returns log-weights of shape `[K, B]`; ValueError for any other."""
  (log_w,) = checks.tensors('`log_w`', log_w=log_w)
  if log_w.shape.rank != 2 or not log_w.shape[0]:
    raise ValueError(
      '`log_w` must be [K, B] with a static K. Received: log_w.shape='
      f'{log_w.shape}'
    )
  return log_w


def effective_sample_size(log_w: tf.Tensor) -> tf.Tensor:
  """Returns 1 / sum_k wt[k]^2 of the normalized weights, `[B]`, in [1, K].

  Args:
    log_w: `[K, B]`, nats. -inf is a weight of zero. The size is 0 where all
      weights are zero, because no sample counts.

  #### Example

  >>> log_w = tf.math.log([[1.0], [3.0]])
  >>> print(round(float(effective_sample_size(log_w)[0]), 4))
  1.6

  Reference: Kong (1992), A note on importance sampling using standardized
    weights.
  """
  log_w = checked(log_w)
  nothing = tf.reduce_all(log_w == -math.inf, axis=0)
  # A softmax of nothing but -inf would be NaN.
  safe = tf.where(nothing, tf.zeros_like(log_w), log_w)
  size = 1 / tf.reduce_sum(tf.nn.softmax(safe, axis=0) ** 2, axis=0)
  return tf.where(nothing, tf.zeros_like(size), size)
