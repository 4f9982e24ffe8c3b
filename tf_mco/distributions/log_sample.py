"""Samples that keep their logarithm.

A positive sample with a small concentration underflows: at concentration 0.001
half of the logarithms of a Gamma variable are below -690. A tensor that is made
here has the value exp(log_x) as far as its dtype can hold the value, and
remembers log_x; see `sample_memory`. A density that asks for `log(x)` gets the
number that x could not hold. The gradient still flows through x, so that a
caller who differentiates in x gets all of the gradient. The derivatives of
`exp` and `log` use the same floor and cancel exactly, whether the sample
underflows or not.

A sample that underflows is 0. An operation on the tensor, such as a reshape or
a slice, makes a new tensor without memory, and the logarithm of a 0 without
memory is -inf. A density of x that needs the logarithm is then infinite, so
that the loss of the memory is seen in the bound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_mco.distributions import sample_memory
from tf_mco.ops import gradients

# The derivatives of `exp` and `log` take a sample at least this large. These
# are powers of two, because they are exact. A cotangent up to 1e8 times
# 1 / floor does not overflow.
_FLOORS = {tf.float32: 2.0**-100, tf.float64: 2.0**-1000}


def _within_floor(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
  """Returns x within [floor, 1 / floor], as the derivatives take the sample."""
  floor = _FLOORS[tf.as_dtype(dtype)]
  return tf.clip_by_value(x, floor, 1 / floor)


def _flushed(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
  """Returns x as `dtype` holds it: 0 if it underflows, NaN if it overflows.

  The numbers between 0 and the least normal number have few digits, and XLA
  makes them 0. They are 0 everywhere, so that a sample is the same with jit and
  without. A sample is never infinite, because some densities of infinity are 0,
  and a bound of several samples would leave such a sample out.
  """
  limits = np.finfo(tf.as_dtype(dtype).as_numpy_dtype)
  x = tf.where(x < limits.tiny, tf.zeros_like(x), x)
  nan = tf.constant(float('nan'), x.dtype)
  return tf.cast(tf.where(x > limits.max, nan, x), dtype)


def exp(log_x: tf.Tensor, dtype: tf.DType | None = None) -> tf.Tensor:
  """Returns the sample, which keeps log_x.

  Args:
    log_x: any real numbers. The gradient flows to log_x, and is the upstream
      gradient times the sample, which is taken within the floor.
    dtype: the dtype of the sample. The default is that of log_x.
  Returns:
    exp(log_x), which is 0 where it underflows, and NaN where it overflows.
  """
  dtype = tf.as_dtype(dtype or log_x.dtype)

  @gradients.custom_gradient
  def sample(log_x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    x = tf.exp(log_x)

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      return tf.cast(upstream, log_x.dtype) * _within_floor(x, dtype)

    return _flushed(x, dtype), backward

  memory = sample_memory.Memory(log=tf.cast(log_x, dtype))
  return sample_memory.remember(sample(log_x), memory)


def sigmoid(logit: tf.Tensor) -> tf.Tensor:
  """Returns a number in [0, 1], which keeps log x and log(1 - x).

  Args:
    logit: log x - log(1 - x). The gradient flows to the logit, and is the
      upstream gradient times x (1 - x), with both factors at least the floor.
  Returns:
    The sigmoid of the logit, which is 0 where it underflows, and 1 where it
    rounds to 1.
  """

  @gradients.custom_gradient
  def sample(logit: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    x, complement = tf.sigmoid(logit), tf.sigmoid(-logit)

    def backward(upstream: tf.Tensor) -> tf.Tensor:
      dtype = logit.dtype
      slope = _within_floor(x, dtype) * _within_floor(complement, dtype)
      return upstream * slope

    return _flushed(x, logit.dtype), backward

  memory = sample_memory.Memory(
    log=-tf.nn.softplus(-logit), log_complement=-tf.nn.softplus(logit)
  )
  return sample_memory.remember(sample(logit), memory)


def log(x: tf.Tensor) -> tf.Tensor:
  """Returns log x, the remembered one if x has a memory of it.

  The gradient flows to x, and is 1 / x.
  """
  kept = sample_memory.of(x).log
  return tf.math.log(x) if kept is None else _with_slope(x, kept, 1.0)


def log_complement(x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 - x), the remembered one if x has a memory of it.

  The gradient flows to x, and is -1 / (1 - x).
  """
  kept = sample_memory.of(x).log_complement
  return tf.math.log1p(-x) if kept is None else _with_slope(x, kept, -1.0)


def _with_slope(x: tf.Tensor, value: tf.Tensor, sign: float) -> tf.Tensor:
  """Returns `value`, whose derivative in x is sign / max(e^value, floor)."""

  @gradients.custom_gradient
  def remembered(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tf.Tensor:
      inside = _within_floor(tf.exp(value), value.dtype)
      # The last factor is 1. It carries the second derivative in x, which
      # `inside` does not depend on.
      distance = x if sign > 0 else 1 - x
      change = tf.stop_gradient(distance) - distance
      return upstream * sign / inside * (1 + change / inside)

    return value, backward

  return remembered(x)
