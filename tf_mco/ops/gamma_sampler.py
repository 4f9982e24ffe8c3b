"""Logarithms of Gamma samples, by rejection, from philox numbers only."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import random
from tf_mco import types

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
  d = alpha - 1 / 3
  slope = 1 / (3 * tf.sqrt(d))

  def propose(
    index: tf.Tensor, log_v: tf.Tensor, pending: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    normal_seed, uniform_seed = random.split(random.fold_in(seed, index), 2)
    t = slope * random.normal(shape, dtype=alpha.dtype, seed=normal_seed)
    u = open_uniform(shape, dtype=alpha.dtype, seed=uniform_seed)
    inside = t > -0.99999
    safe = tf.where(inside, t, tf.zeros_like(t))
    # Refuse, rather than accept, on a comparison: NaN then ends the loop.
    refused = (t <= -0.99999) | (tf.math.log(u) > d * _log_ratio(safe))
    log_v = tf.where(pending, 3 * tf.math.log1p(safe) + 0 * t, log_v)
    return index + 1, log_v, pending & refused

  _, log_v, _ = tf.while_loop(
    lambda index, log_v, pending: tf.reduce_any(pending),
    propose,
    [tf.constant(0), tf.zeros_like(alpha), tf.ones_like(alpha, tf.bool)],
    shape_invariants=[tf.TensorShape([]), alpha.shape, alpha.shape],
    maximum_iterations=_MAX_ROUNDS,
  )
  return tf.math.log(d) + log_v


def _log_ratio(t: tf.Tensor) -> tf.Tensor:
  """Returns 3 (log1p(t) - t + t^2 / 2) - t^3, the log-ratio over d.

  Where t is small this is t^4 and loses all digits: by its series there.
  """
  series = tf.zeros_like(t)
  for n in range(9, 3, -1):
    series = (-1) ** (n + 1) / n + t * series
  direct = 3 * (tf.math.log1p(t) - t + t**2 / 2) - t**3
  return tf.where(tf.abs(t) < 0.1, 3 * series * t**4, direct)
