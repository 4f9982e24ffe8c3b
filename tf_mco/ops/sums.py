"""Sums in the form that is fast where they are computed.

XLA sums on a CPU by one thread and without vector instructions. A product with
ones is the same sum, and uses both. Elsewhere the functions here are the usual
operations, also on a GPU, where a product may round its factors.
"""

from __future__ import annotations

import tensorflow as tf

from tf_mco import philox

_EXACT = (tf.float32, tf.float64)  # a product in these dtypes rounds as a sum


def over_last_axis(x: tf.Tensor) -> tf.Tensor:
  """Returns the sum over the last axis, `[...]` from `[..., n]`."""
  if not _as_product(x):
    return tf.reduce_sum(x, axis=-1)
  return tf.linalg.matvec(x, tf.ones(tf.shape(x)[-1:], x.dtype))


def of_products(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
  """Returns the sum of `x * y` over the last axis.

  Args:
    x: `[..., n]`.
    y: broadcasts with x. Gradients of any order flow to both.
  """
  if y.shape.rank == 1 and x.shape.rank > 1 and _as_product(x):
    return tf.linalg.matvec(x, y)
  return over_last_axis(x * y)


def with_bias(x: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
  """Returns `x + bias`, whose gradient in the bias is a sum over all rows.

  Args:
    x: `[..., n]`. Gradients of any order flow to it and to the bias.
    bias: `[n]`.
  """
  if not _as_product(x) or x.shape.rank != 2:
    return x + bias
  ones = tf.ones([tf.shape(x)[0], 1], x.dtype)
  return x + tf.matmul(ones, bias[tf.newaxis])


def _as_product(x: tf.Tensor) -> bool:
  """Returns whether a sum of x is faster as a product."""
  return x.dtype in _EXACT and philox.is_faster()
