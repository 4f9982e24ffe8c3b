"""Checks of the options of a Hamiltonian posterior, and of its trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import supports
from tf_mco.ops import gradients
from tf_mco.posteriors import posterior as posterior_lib
from tf_mco.posteriors.hamiltonian import leapfrog

# Anything that makes a tensor: a number, a list, an array, or a tensor.
TensorLike: TypeAlias = float | list | np.ndarray | tf.Tensor


# The supports in which a leapfrog step stays, wherever it leads. An angle that
# leaves [-pi, pi] is still an angle.
SUPPORTS = (supports.REAL, supports.CIRCLE)


def check_base(base: object) -> None:
  """Raises ValueError unless the samples of `base` can follow a gradient."""
  if not isinstance(base, tfd.Distribution):
    raise ValueError(f'`base` must be a tfd.Distribution. Received: {base!r}')
  posterior_lib.as_posterior(base).require_reparameterized()
  support = supports.support_of(base)
  if support not in SUPPORTS:
    raise ValueError(
      'A leapfrog step may reach any real number, so that `base` must be a '
      'distribution of real variables or of angles: transform a positive or '
      'bounded variable to a real one, and put the transformation into '
      'log_joint with its log-Jacobian (a distribution class of your own is '
      'declared by tf_mco.distributions.support_of.register). Received: '
      f'{base!r} with the support {support!r}'
    )


def within(
  name: str,
  value: TensorLike,
  dtype: tf.DType,
  low: float,
  high: float,
  *,
  low_included: bool = True,
) -> tf.Tensor:
  """Returns `value` as a tensor, NaN where it is not in [low, high].

  NaN serves compiled code, which cannot raise: the log-weights become NaN, and
  the model reports log-weights that are not finite. Infinity is out of range,
  also where `high` is infinite.

  Args:
    name: the name of the option, for the message.
    value: anything that makes a tensor. Gradients flow to it.
    dtype: the dtype of the tensor.
    low: the lower end.
    high: the upper end.
    low_included: whether `low` itself is in the range.
  Raises:
    ValueError: if the value is known and out of range, or not of the dtype.
  """
  try:
    tensor = tf.convert_to_tensor(value, dtype)
  except (TypeError, ValueError) as error:
    raise ValueError(
      f'`{name}` must be numbers of {dtype.name}. Received: {name}={value!r}'
    ) from error
  above = tensor >= low if low_included else tensor > low
  good = above & (tensor <= high) & tf.math.is_finite(tensor)
  known = tf.get_static_value(good)
  if known is not None and not np.all(known):
    bracket = '[' if low_included else '('
    end = ')' if np.isinf(high) else ']'
    raise ValueError(
      f'`{name}` must be in {bracket}{low:g}, {high:g}{end}. Received: '
      f'{name}={tf.get_static_value(tensor)!r}'
    )
  if known is not None:
    return tensor
  return tf.where(good, tensor, tf.constant(float('nan'), dtype))


def step_sizes(
  value: TensorLike,
  num_steps: int,
  event_shape: tf.TensorShape,
  dtype: tf.DType,
) -> tuple[tf.Tensor, ...]:
  """Returns a step size for each step, to broadcast against `[K, B, ...]`.

  Args:
    value: positive; a scalar or of the event's shape. A leading axis of
      `num_steps` (or 1) gives one size for each step. A further axis of B
      behind that axis gives one for each example.
    num_steps: the number of leapfrog steps.
    event_shape: the event shape of the samples.
    dtype: the dtype of the samples.
  Raises:
    ValueError: if a value is not positive and finite, or of the wrong shape.
  """
  sizes = within('step_size', value, dtype, 0, float('inf'), low_included=False)
  # Axes before those of the event: none, the steps, or steps and examples.
  extra = max(sizes.shape.rank - event_shape.rank, 0)
  per_step = sizes if extra else sizes[tf.newaxis]
  count = per_step.shape[0]
  event = per_step.shape[max(extra, 1) :]
  if extra > 2 or count not in (1, num_steps) or not _fits(event, event_shape):
    raise ValueError(
      "`step_size` must be a scalar or of the event's shape, or have a leading "
      'axis of `num_steps` (and a second of the batch). Received: a shape of '
      f'{sizes.shape} for num_steps={num_steps}, event_shape={event_shape}'
    )
  each = tf.unstack(per_step)
  return tuple(each * num_steps if count == 1 else each)


def _fits(shape: tf.TensorShape, event_shape: tf.TensorShape) -> bool:
  try:
    both = tf.broadcast_static_shape(shape, event_shape)
  except ValueError:
    return False
  return both.is_compatible_with(event_shape)


def poison(
  end: leapfrog.Phase, log_q: tf.Tensor, step_sizes: Sequence[tf.Tensor]
) -> tf.Tensor:
  """Returns log p(x, z), `[K, B]`, NaN where a trajectory is not finite.

  A sample that diverged has a log-weight of -inf more often than NaN, and a
  bound of several samples would leave such a sample out without a word.

  Args:
    end: the end points of the trajectories.
    log_q: `[K, B]`, of the same samples.
    step_sizes: the sizes of all steps, for the message.
  Raises:
    ValueError: in eager execution, instead of NaN. The message names the step
      sizes.
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
  """Returns the range of the step sizes in words."""
  low = min(float(tf.reduce_min(size)) for size in step_sizes)
  high = max(float(tf.reduce_max(size)) for size in step_sizes)
  if low == high:
    return f'a leapfrog step size of {low:.6g}'
  return f'leapfrog step sizes from {low:.6g} to {high:.6g}'
