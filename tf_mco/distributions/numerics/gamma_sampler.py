"""Logarithms of Gamma samples, by rejection, from philox numbers only."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import random
from tf_mco import types

_LOWEST = -0.99999  # of t: 1 + t must be positive
_MAX_ROUNDS = 100  # a proposal is refused once in 20: never reached


def open_uniform(
  shape: tf.Tensor, *, dtype: tf.DType, seed: types.Seed
) -> tf.Tensor:
  """Returns uniform numbers in (0, 1), whose logarithm is finite."""
  half_step = 2.0**-53 if dtype == tf.float64 else 2.0**-24
  return random.uniform(shape, dtype=dtype, seed=seed) + half_step


def log_sample(concentration: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns log x, x of Gamma(concentration, 1), gradient stopped.

  Marsaglia and Tsang's proposals for the whole tensor, repeated until each
  element has one; about log20(size) rounds. Below 1 the concentration is raised
  by 1 and log U / concentration added, so that nothing underflows. The same
  rounds, hence the same numbers, with jit and without.

  Args:
    concentration: one per sample, positive. Others give NaN.
    seed: an integer or an int32 `[2]` tensor.
  Reference: Marsaglia and Tsang (2000), ACM TOMS 26(3).
  """
  alpha = tf.stop_gradient(concentration)
  raised = alpha < 1
  boosted = tf.where(raised, alpha + 1, alpha)
  loop_seed, power_seed = random.split(seed, 2)
  log_x = _marsaglia_tsang(boosted, loop_seed)
  u = open_uniform(tf.shape(alpha), dtype=alpha.dtype, seed=power_seed)
  power = tf.where(raised, tf.math.log(u) / alpha, tf.zeros_like(alpha))
  return tf.stop_gradient(log_x + power)


def _marsaglia_tsang(alpha: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Returns log x for concentrations of at least 1."""
  shape = tf.shape(alpha)
  # As a value of t: one tensor of state, which XLA computes once.
  pending = tf.constant(-2.0, alpha.dtype)
  d = alpha - 1 / 3
  slope = 1 / (3 * tf.sqrt(d))

  def numbers(index: tf.Tensor) -> list[tf.Tensor]:
    seeds = random.split(random.fold_in(seed, index), 2)
    noise = random.normal(shape, dtype=alpha.dtype, seed=seeds[0])
    u = open_uniform(shape, dtype=alpha.dtype, seed=seeds[1])
    return [tf.ensure_shape(part, alpha.shape) for part in (noise, u)]

  # The numbers of a round are made in the round before: XLA would make them
  # again for each of their uses in an expression.
  def propose(
    index: tf.Tensor, t: tf.Tensor, noise: tf.Tensor, u: tf.Tensor
  ) -> list[tf.Tensor]:
    proposed = slope * noise
    outside = proposed <= _LOWEST
    # Refuse, rather than accept, on a comparison: NaN then ends the loop.
    log_ratio = d * _log_ratio(tf.maximum(proposed, _LOWEST))
    refused = outside | (tf.math.log(u) > log_ratio)
    proposed = tf.where(refused, pending, proposed)
    t = tf.where(tf.equal(t, pending), proposed, t)
    return [index + 1, t, *numbers(index + 1)]

  start = tf.constant(0)
  t = tf.while_loop(
    lambda index, t, noise, u: tf.reduce_any(tf.equal(t, pending)),
    propose,
    [start, tf.zeros_like(alpha) + pending, *numbers(start)],
    maximum_iterations=_MAX_ROUNDS,
  )[1]
  return tf.math.log(d) + 3 * tf.math.log1p(t)


def _log_ratio(t: tf.Tensor) -> tf.Tensor:
  """Returns 3 (log1p(t) - t + t^2 / 2) - t^3, the log-ratio over d.

  Where t is small this is t^4 and loses all digits: by its series there.
  """
  series = tf.zeros_like(t)
  for n in range(9, 3, -1):
    series = (-1) ** (n + 1) / n + t * series
  direct = 3 * (tf.math.log1p(t) - t + t**2 / 2) - t**3
  return tf.where(tf.abs(t) < 0.1, 3 * series * t**4, direct)
