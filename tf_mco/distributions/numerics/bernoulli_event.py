"""The log-density of many bits at once, with one logarithm for a group of them.

The density of n bits x with the logits l is

  log p(x) = sum_i x[i] l[i] - relu(l[i]) - log(1 + exp(-|l[i]|)).

Each factor 1 + exp(-|l|) is between 1 and 2, so that the product of 14 of them
is an ordinary number in every dtype. The logarithm of the product saves 13 of
14 logarithms, and with them half of the time of the density. The products round
as much as the sum of the logarithms would.

A training step is slower with this form, because the gradient needs what the
products do not keep. `is_preferred` tells the two uses apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
import contextvars
import itertools

import tensorflow as tf

from tf_mco.distributions.numerics import bernoulli
from tf_mco.ops import gradients

# 2^14 is below the largest number of half precision.
_GROUP = 14

_preferred = contextvars.ContextVar('preferred', default=False)

_Backward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@contextlib.contextmanager
def for_values_alone() -> Iterator[None]:
  """Prefers the form of this module, where no gradient is needed."""
  token = _preferred.set(True)
  try:
    yield
  finally:
    _preferred.reset(token)


def is_preferred() -> bool:
  """Returns whether this is inside of `for_values_alone`."""
  return _preferred.get()


def log_prob(value: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  """Returns the log-density of events along the last axis, in nats.

  Where the logits have fewer axes than `value`, their part of the density is
  computed once for all values.

  Args:
    value: `[..., n]`, 0 or 1, or probabilities in between; n is static.
    logits: `[..., n]`, which broadcast with `value`. Gradients of any order
      flow to the logits and to `value`.
  """
  if logits.shape.rank < value.shape.rank:
    normalizer = tf.reduce_sum(bernoulli.softplus(logits), axis=-1)
    return tf.reduce_sum(value * logits, axis=-1) - normalizer
  return _log_prob(value, logits)


@gradients.custom_gradient
def _log_prob(
  value: tf.Tensor, logits: tf.Tensor
) -> tuple[tf.Tensor, _Backward]:
  def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    each = upstream[..., tf.newaxis]
    to_value, to_logits = each * logits, each * (value - tf.sigmoid(logits))
    return _summed_like(to_value, value), _summed_like(to_logits, logits)

  return _in_groups(value, logits), backward


def _in_groups(value: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  """Returns the log-density, with one logarithm for each group of bits.

  A group takes its bits from slices of equal width, one from each. What the
  slices leave over is a slice of its own, with fewer bits than a group has.
  """
  size = logits.shape[-1]
  width = size // _GROUP
  ends = [width * count for count in range(_GROUP + 1)] if width else [0]
  linear, product = 0.0, 1.0
  for start, end in itertools.pairwise(ends):
    part, factor = _parts(value[..., start:end], logits[..., start:end])
    linear, product = linear + part, product * factor
  total = tf.reduce_sum(linear - tf.math.log(product), -1) if width else 0.0
  if ends[-1] < size:
    part, factor = _parts(value[..., ends[-1] :], logits[..., ends[-1] :])
    total += tf.reduce_sum(part - tf.math.log(factor), axis=-1)
  return total


def _parts(value: tf.Tensor, logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the linear part of each bit, and its factor between 1 and 2."""
  linear = value * logits - tf.nn.relu(logits)
  return linear, 1 + tf.exp(-tf.abs(logits))


def _summed_like(gradient: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
  """Returns a gradient summed over the axes along which `tensor` broadcast."""
  if gradient.shape.is_fully_defined() and gradient.shape == tensor.shape:
    return gradient
  shape = tf.shape(tensor)
  axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=shape, s1=tf.shape(gradient))
  return tf.reshape(tf.reduce_sum(gradient, axes), shape)
