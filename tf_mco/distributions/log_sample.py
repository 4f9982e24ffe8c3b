"""Samples that keep their logarithm.

A positive sample with a small concentration underflows: at concentration 0.001
half of the logarithms of a Gamma variable are below -690. A tensor that is made
here has the value `max(exp(log_x), floor)` and remembers log_x as an attribute,
just as the bijectors of TFP remember the input of their last output. A density
that asks for `log(x)` gets the number that x could not hold. The gradient still
flows through x, so that a caller who differentiates in x gets all of the
gradient. The derivatives of `exp` and `log` use the same floor and cancel
exactly, whether the sample underflows or not.

An operation on the tensor, such as a reshape or a slice, makes a new tensor
without memory. The logarithm of the new tensor is at least that of the floor,
and finite.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco.ops import gradients

_MEMORY = '_tf_mco_log_sample'
# Powers of two, because they are exact. A cotangent up to 1e8 times 1 / floor
# does not overflow.
_FLOORS = {tf.float32: 2.0**-100, tf.float64: 2.0**-1000}


def floor_of(dtype: tf.DType) -> float:
  """Returns the smallest sample, 2^-100 in float32 and 2^-1000 in float64."""
  return _FLOORS[tf.as_dtype(dtype)]


def exp(log_x: tf.Tensor, dtype: tf.DType | None = None) -> tf.Tensor:
  """Returns the sample, within [floor, 1 / floor], which keeps log_x.

  Args:
    log_x: any real numbers. The gradient flows to log_x, and is the upstream
      gradient times the clipped value.
    dtype: the dtype of the sample. The default is that of log_x.
  """
  dtype = tf.as_dtype(dtype or log_x.dtype)

  @gradients.custom_gradient
  def clipped(log_x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    floor = floor_of(dtype)
    x = tf.clip_by_value(tf.exp(log_x), floor, 1 / floor)
    # Clipping would turn NaN into a number.
    x = tf.where(tf.math.is_nan(log_x), log_x, x)

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      return tf.cast(upstream, log_x.dtype) * x

    return tf.cast(x, dtype), backward

  return _remember(clipped(log_x), tf.cast(log_x, dtype), None)


def sigmoid(logit: tf.Tensor) -> tf.Tensor:
  """Returns a number in (0, 1), which keeps log x and log(1 - x).

  Args:
    logit: log x - log(1 - x). The gradient flows to the logit, and is the
      upstream gradient times x (1 - x), with both factors at least the floor.
  """

  @gradients.custom_gradient
  def clipped(logit: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    floor = floor_of(logit.dtype)
    x = tf.maximum(tf.sigmoid(logit), floor)
    complement = tf.maximum(tf.sigmoid(-logit), floor)
    # The largest number below 1.
    below_one = 1 - (2.0**-53 if logit.dtype == tf.float64 else 2.0**-24)
    value = tf.minimum(x, tf.constant(below_one, logit.dtype))

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      return upstream * x * complement

    return value, backward

  log_x, log_complement = -tf.nn.softplus(-logit), -tf.nn.softplus(logit)
  return _remember(clipped(logit), log_x, log_complement)


def log(x: tf.Tensor) -> tf.Tensor:
  """Returns log x, the remembered one if x has a memory.

  The gradient flows to x, and is 1 / x.
  """
  memory = getattr(x, _MEMORY, None)
  if memory is None:
    return tf.math.log(x)
  return _with_slope(x, memory[0], 1.0)


def log_complement(x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 - x), the remembered one if x has a memory of it.

  The gradient flows to x, and is -1 / (1 - x).
  """
  memory = getattr(x, _MEMORY, None)
  if memory is None or memory[1] is None:
    return tf.math.log1p(-x)
  return _with_slope(x, memory[1], -1.0)


def like(tensor: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
  """Returns `tensor`, which from now on has the memory of `source`.

  Args:
    tensor: has the value of `source`, for example its identity.
    source: a sample, with a memory or without.
  """
  memory = getattr(source, _MEMORY, None)
  if memory is not None and tensor is not source:
    setattr(tensor, _MEMORY, memory)
  return tensor


def stop_gradient(x: tf.Tensor) -> tf.Tensor:
  """Returns x without its gradient (in the posterior), with its memory."""
  return like(tf.stop_gradient(x), x)


def _remember(
  x: tf.Tensor, log_x: tf.Tensor, complement: tf.Tensor | None
) -> tf.Tensor:
  """Returns x, which from now on remembers both logarithms."""
  # Serves the parameters: their gradient flows through x, and must not flow a
  # second time through the logarithm.
  memory = tuple(
    None if part is None else tf.stop_gradient(part)
    for part in (log_x, complement)
  )
  setattr(x, _MEMORY, memory)
  return x


def _with_slope(x: tf.Tensor, value: tf.Tensor, sign: float) -> tf.Tensor:
  """Returns `value`, whose derivative in x is sign / max(e^value, floor)."""

  @gradients.custom_gradient
  def remembered(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tf.Tensor:
      floor = floor_of(value.dtype)
      inside = tf.clip_by_value(tf.exp(value), floor, 1 / floor)
      # The last factor is 1. It carries the second derivative in x, which
      # `inside` does not depend on.
      distance = x if sign > 0 else 1 - x
      change = tf.stop_gradient(distance) - distance
      return upstream * sign / inside * (1 + change / inside)

    return value, backward

  return remembered(x)
