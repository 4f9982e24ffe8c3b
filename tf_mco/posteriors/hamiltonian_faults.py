"""Trajectories that are not finite: reported, and never a dropped sample."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from tf_mco.ops import gradients
from tf_mco.ops import leapfrog


def poison(
  end: leapfrog.Phase, log_q: tf.Tensor, step_sizes: Sequence[tf.Tensor]
) -> tf.Tensor:
  """Returns log p(x, z), `[K, B]`, NaN where a trajectory is not finite.

  A diverged sample has a log-weight of -inf more often than NaN, and a bound of
  several samples would leave it out without a word.

  Args:
    end: of the trajectories.
    log_q: `[K, B]`, of the same samples.
    step_sizes: of all steps, for the message.
  Raises:
    ValueError: in eager execution, naming the step sizes, instead of NaN.
  """
  finite = gradients.sum_event(
    tf.cast(tf.math.is_finite(end.position), tf.int32) - 1, sample_rank=2
  )
  good = (finite == 0) & tf.math.is_finite(end.log_density - log_q)
  if tf.executing_eagerly():
    bad = int(tf.reduce_sum(tf.cast(~good, tf.int32)))
    if bad:
      raise ValueError(
        f'{bad} of {int(tf.size(good))} Hamiltonian trajectories are not '
        f'finite, with {describe(step_sizes)}. Smaller step sizes are the '
        'usual cure; log_joint and its gradient must be finite as well.'
      )
  nan = tf.constant(float('nan'), end.log_density.dtype)
  return tf.where(good, end.log_density, nan)


def describe(step_sizes: Sequence[tf.Tensor]) -> str:
  """Returns the range of step sizes, in words."""
  low = min(float(tf.reduce_min(size)) for size in step_sizes)
  high = max(float(tf.reduce_max(size)) for size in step_sizes)
  if low == high:
    return f'a leapfrog step size of {low:.6g}'
  return f'leapfrog step sizes from {low:.6g} to {high:.6g}'
