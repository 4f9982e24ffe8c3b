"""Special functions with the same digits with jit and without."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

# B[2k] / 2k of the asymptotic series, k = 1, 2, ...
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
_SHIFT = 10


def digamma(x: tf.Tensor) -> tf.Tensor:
  """Returns the digamma function of positive float64 x, to two roundings.

  XLA's own digamma loses two digits more than the graph kernel's; the path of
  a Gamma variable with a large concentration needs them.
  """
  shifted = x + _SHIFT
  inverse_square = 1 / (shifted * shifted)
  series = tf.zeros_like(x)
  for coefficient in reversed(_DIGAMMA):
    series = (series + coefficient) * inverse_square
  result = tf.math.log(shifted) - 0.5 / shifted - series
  for k in reversed(range(_SHIFT)):
    result -= 1 / (x + k)
  return result


@functools.cache
def unit_nodes(num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns nodes and weights of Gauss-Legendre quadrature on [0, 1]."""
  nodes, weights = np.polynomial.legendre.leggauss(num)
  return (nodes + 1) / 2, weights / 2


def sample_shape_of(shape: Any) -> tuple[tf.TensorShape, tf.Tensor]:
  """Returns an integer or a vector as a static shape and as a tensor."""
  known = tf.get_static_value(shape) if tf.is_tensor(shape) else shape
  if known is None:
    sizes = tf.reshape(tf.cast(shape, tf.int32), [-1])
    return tf.TensorShape([None] * sizes.shape[0]), sizes
  if not isinstance(known, (int, np.integer)) and any(
    tf.is_tensor(size) for size in known
  ):
    static = [tf.get_static_value(size) for size in known]
    return tf.TensorShape(static), tf.stack(
      [tf.cast(size, tf.int32) for size in known]
    )
  sizes = np.reshape(np.asarray(known, np.int32), [-1])
  return tf.TensorShape(sizes.tolist()), tf.constant(sizes, tf.int32)


def broadcast_samples(parameter: tf.Tensor, sample_shape: Any) -> tf.Tensor:
  """Returns `parameter` repeated, `sample_shape + parameter.shape`."""
  static, sizes = sample_shape_of(sample_shape)
  shape = tf.concat([sizes, tf.shape(parameter)], 0)
  result = tf.broadcast_to(parameter, shape)
  return tf.ensure_shape(result, static.concatenate(parameter.shape))


def reduce_to(gradient: tf.Tensor, parameter: tf.Tensor) -> tf.Tensor:
  """Sums the leading axes that `broadcast_samples` put in front."""
  if gradient.shape.rank is None or parameter.shape.rank is None:
    extra = tf.range(tf.rank(gradient) - tf.rank(parameter))
    return tf.reduce_sum(gradient, axis=extra)
  axes = list(range(gradient.shape.rank - parameter.shape.rank))
  return tf.reduce_sum(gradient, axis=axes) if axes else gradient


def first_order(derivative: tf.Tensor) -> tf.Tensor:
  """Returns a derivative that cannot be differentiated again.

  It depends on the parameters through the sample as well, which the tape does
  not see: a second derivative would be silently wrong.

  Raises:
    LookupError: where a gradient is asked to flow through the result.
  """
  return tf.raw_ops.PreventGradient(
    input=derivative,
    message='the second derivative of a sample in the parameters of its '
    'distribution is not implemented: only first-order gradients flow through '
    'an implicitly reparameterized sample',
  )


def broadcast_like(parameter: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
  """Returns `parameter` repeated to the shape of its samples."""
  result = tf.broadcast_to(parameter, tf.shape(samples))
  return tf.ensure_shape(result, samples.shape)
