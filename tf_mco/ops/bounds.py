"""Estimates of log p(x) from log-weights, to evaluate and not to train with."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import math

import tensorflow as tf

from tf_mco.ops import checks
from tf_mco.ops import log_weights as log_weights_lib


def jackknife(log_w: tf.Tensor, order: int) -> tf.Tensor:
  """Returns the jackknife estimate of log p(x), `[B]`, in nats.

  The bias of the estimate falls as K^-(order + 1). Warning: the estimate is no
  bound, and its cost grows with the number of subsets, K choose `order`.

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
  integer = isinstance(order, int) and not isinstance(order, bool)
  if not integer or not 0 <= order < num_samples:
    raise ValueError(
      f'`order` must be an integer in [0, K) = [0, {num_samples}). Received: '
      f'order={order!r}'
    )
  terms = []
  for left_out in range(order + 1):
    size = num_samples - left_out
    subsets = list(itertools.combinations(range(num_samples), size))
    groups = tf.gather(log_w, tf.constant(subsets))  # [subsets, size, B]
    bounds = tf.reduce_logsumexp(groups, axis=1) - math.log(size)
    coefficient = sharot_coefficient(num_samples, order, left_out)
    terms.append(coefficient * tf.reduce_mean(bounds, axis=0))
  return tf.add_n(terms)


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
  if not 1 < n < math.inf:
    raise ValueError(f'`n` must be a finite number > 1. Received: n={n!r}')
  return log_weights_lib.log_mean_exp(n * log_w) / n


def tvo(
  log_w: tf.Tensor, betas: Sequence[float], rule: str = 'left'
) -> tf.Tensor:
  """Returns the thermodynamic integral of log p(x), `[B]`, in nats.

  The derivative of log E_q[w^beta] in beta is the mean of log w under the
  weights w^beta, and its integral from 0 to 1 is log p(x).

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
  betas = [float(beta) for beta in betas]
  checks.one_of('rule', rule, ('left', 'right', 'trapezoid'))
  pairs = list(itertools.pairwise(betas))
  increasing = all(low < high for low, high in pairs)
  if not pairs or not increasing or (betas[0], betas[-1]) != (0.0, 1.0):
    raise ValueError(
      f'`betas` must increase from 0 to 1. Received: betas={betas}'
    )
  expected = [
    tf.reduce_sum(tf.nn.softmax(beta * log_w, axis=0) * log_w, axis=0)
    for beta in betas
  ]
  widths = [high - low for low, high in pairs]

  def integral(values: list[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([w * v for w, v in zip(widths, values, strict=True)])

  left, right = integral(expected[:-1]), integral(expected[1:])
  return {'left': left, 'right': right, 'trapezoid': (left + right) / 2}[rule]


def checked(log_w: tf.Tensor) -> tf.Tensor:
  """Returns log-weights of shape `[K, B]`; ValueError for any other."""
  log_w = tf.convert_to_tensor(log_w)
  if log_w.shape.rank != 2 or log_w.shape[0] is None:
    raise ValueError(
      '`log_w` must be [K, B] with a static K. Received: log_w.shape='
      f'{log_w.shape}'
    )
  return log_w


def effective_sample_size(log_w: tf.Tensor) -> tf.Tensor:
  """Returns 1 / sum_k wt[k]^2 of the normalized weights, `[B]`, in [1, K].

  Args:
    log_w: `[K, B]`, nats. -inf is a weight of zero.

  #### Example

  >>> log_w = tf.math.log([[1.0], [3.0]])
  >>> print(round(float(effective_sample_size(log_w)[0]), 4))
  1.6

  Reference: Kong (1992), A note on importance sampling using standardized
    weights.
  """
  weights = tf.nn.softmax(checked(log_w), axis=0)
  return 1 / tf.reduce_sum(weights**2, axis=0)
