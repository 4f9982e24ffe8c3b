"""Samples that keep their logarithm.

A positive sample with a small concentration underflows: at 0.001 half of the
logarithms of a Gamma variable are below -690. A tensor made here is
`max(exp(log_x), floor)` and remembers log_x as an attribute, as TFP's bijectors
remember the input of their last output. A density that asks for `log(z)` gets
the number that z could not hold; gradients flow through z nevertheless, so that
whoever differentiates in z gets all of it. The derivatives of `exp` and `log`
use the same floor and cancel exactly, underflow or not.

An operation on the tensor (a reshape, a slice) makes a new one without memory:
its logarithm is that of the floor, finite.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

_MEMORY = '_tf_mco_log_sample'
# Powers of two; 1 / floor leaves room for a cotangent of 1e8.
_FLOORS = {tf.float32: 2.0**-100, tf.float64: 2.0**-1000}


def floor_of(dtype: tf.DType) -> float:
  """Returns the smallest sample, 2^-100 in float32 and 2^-1000 in float64."""
  return _FLOORS[tf.as_dtype(dtype)]


def exp(log_x: tf.Tensor, dtype: tf.DType | None = None) -> tf.Tensor:
  """Returns the sample, within [floor, 1 / floor], which keeps log_x.

  Args:
    log_x: its gradient is the upstream times the clipped value.
    dtype: of the sample, that of log_x unless given.
  """
  dtype = tf.as_dtype(dtype or log_x.dtype)

  @tf.custom_gradient
  def clipped(log_x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    floor = floor_of(dtype)
    x = tf.clip_by_value(tf.exp(log_x), floor, 1 / floor)
    x = tf.where(tf.math.is_nan(log_x), log_x, x)

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      return tf.cast(upstream, log_x.dtype) * x

    return tf.cast(x, dtype), backward

  return _keep(clipped(log_x), tf.cast(log_x, dtype), None)


def sigmoid(logit: tf.Tensor) -> tf.Tensor:
  """Returns a number in (0, 1), which keeps log x and log(1 - x).

  Args:
    logit: log x - log(1 - x); its gradient is the upstream times x (1 - x),
      neither below the floor.
  """

  @tf.custom_gradient
  def clipped(logit: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    floor = floor_of(logit.dtype)
    x = tf.maximum(tf.sigmoid(logit), floor)
    complement = tf.maximum(tf.sigmoid(-logit), floor)
    below_one = 1 - (2.0**-53 if logit.dtype == tf.float64 else 2.0**-24)
    value = tf.minimum(x, tf.constant(below_one, logit.dtype))

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      return upstream * x * complement

    return value, backward

  log_x, log_complement = -tf.nn.softplus(-logit), -tf.nn.softplus(logit)
  return _keep(clipped(logit), log_x, log_complement)


def log(x: tf.Tensor) -> tf.Tensor:
  """Returns log x, the kept one if there is one; its gradient is 1 / x."""
  kept = getattr(x, _MEMORY, None)
  if kept is None:
    return tf.math.log(x)
  return _with_slope(x, kept[0], 1.0)


def log_complement(x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 - x), the kept one if there is one."""
  kept = getattr(x, _MEMORY, None)
  if kept is None or kept[1] is None:
    return tf.math.log1p(-x)
  return _with_slope(x, kept[1], -1.0)


def like(tensor: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
  """Returns `tensor`, which from now on keeps what `source` keeps.

  Args:
    tensor: of the value of `source`: its identity, or without its gradient.
    source: a sample, with a memory or without.
  """
  kept = getattr(source, _MEMORY, None)
  if kept is not None and tensor is not source:
    setattr(tensor, _MEMORY, kept)
  return tensor


def stop_gradient(x: tf.Tensor) -> tf.Tensor:
  """Returns x without its path (to the posterior), with its memory."""
  return like(tf.stop_gradient(x), x)


def _keep(
  x: tf.Tensor, log_x: tf.Tensor, complement: tf.Tensor | None
) -> tf.Tensor:
  memory = tuple(
    None if part is None else tf.stop_gradient(part)
    for part in (log_x, complement)
  )
  setattr(x, _MEMORY, memory)
  return x


def _with_slope(x: tf.Tensor, value: tf.Tensor, sign: float) -> tf.Tensor:
  """Returns `value`, whose derivative in x is sign / max(e^value, floor)."""

  @tf.custom_gradient
  def graft(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tf.Tensor:
      floor = floor_of(value.dtype)
      inside = tf.clip_by_value(tf.exp(value), floor, 1 / floor)
      # The last factor is 1; it carries the second derivative in x.
      distance = x if sign > 0 else 1 - x
      change = tf.stop_gradient(distance) - distance
      return upstream * sign / inside * (1 + change / inside)

    return tf.identity(value), backward

  return graft(x)
