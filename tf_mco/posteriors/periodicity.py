"""A check that an integrand of angles agrees where -pi and pi meet.

A sample of a von Mises distribution is wrapped into [-pi, pi]. The derivative
of a sample in the parameters does not see the jump from one end to the other.
The gradient of the mean of f is therefore right only if f is the same at both
ends.
"""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import supports


def check(
  integrand: types.Integrand,
  conditionals: Sequence[tfd.Distribution],
  samples: types.Samples,
) -> None:
  """Raises ValueError for an integrand that differs at -pi and at pi.

  The check evaluates the integrand once, with two samples for each angle of a
  vector. Nothing is checked unless TensorFlow executes eagerly, because a graph
  has no values to compare.

  Args:
    integrand: maps samples `[K, B, ...]` to `[K, B]`.
    conditionals: the distribution of each stochastic layer.
    samples: `[K, B, ...]` per layer. The first of the K samples serves as the
      place at which the angles are moved, one after the other.
  """
  if not tf.executing_eagerly():
    return
  for layer, distribution in enumerate(conditionals):
    if supports.support_of(distribution) == supports.CIRCLE:
      _check_layer(integrand, layer, samples)


def _check_layer(
  integrand: types.Integrand, layer: int, samples: types.Samples
) -> None:
  path = types.as_path(samples)
  size = int(np.prod(path[layer].shape[2:]))
  moved = [tf.repeat(tf.stop_gradient(z[:1]), 2 * size, axis=0) for z in path]
  moved[layer] = _at_both_ends(moved[layer])
  values = integrand(tuple(moved) if isinstance(samples, tuple) else moved[0])
  low, high = np.split(np.asarray(values, np.float64), 2)
  gap = np.abs(high - low)
  # An angle of pi is rounded, and so is what a network computes from it.
  digits = np.finfo(path[layer].dtype.as_numpy_dtype).eps ** 0.5
  if np.any(gap > digits * (1 + np.abs(low) + np.abs(high))):
    name = getattr(integrand, '__name__', 'log_joint')
    raise ValueError(
      f'`{name}` must be periodic in the angles of a von Mises posterior, '
      'because the gradient misses the jump where a sample is wrapped: use '
      'cos(z) and sin(z) in place of z. Expected: one value at -pi and pi. '
      f'Received: values that differ by up to {gap.max():.3g} in stochastic '
      f'layer {layer}'
    )


def _at_both_ends(samples: tf.Tensor) -> tf.Tensor:
  """Returns `[2 D, B, ...]`, in which one angle after the other is moved.

  The d-th angle is at -pi in row d, and at pi in row D + d.

  Args:
    samples: `[2 D, B, ...]` with D angles in each event.
  """
  flat = tf.reshape(samples, [samples.shape[0], samples.shape[1], -1])
  size = flat.shape[2]
  chosen = tf.concat([tf.eye(size), tf.eye(size)], axis=0)[:, tf.newaxis] > 0
  ends = tf.repeat(tf.constant([-math.pi, math.pi], flat.dtype), size)
  moved = tf.where(chosen, ends[:, tf.newaxis, tf.newaxis], flat)
  return tf.reshape(moved, tf.shape(samples))
