"""The least time that the matrix products of a step can take."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from benchmarks import clock

_PRODUCTS = 20


def dense_flops(
  rows: int, widths: Sequence[int], *, input_gradient: bool = False
) -> int:
  """Returns the FLOPs of dense layers, forward and backward.

  Args:
    rows: of the batch.
    widths: of the input and of every layer.
    input_gradient: whether the gradient in the input is wanted.
  """
  total = 0
  for index, (width, units) in enumerate(
    zip(widths[:-1], widths[1:], strict=True)
  ):
    # Forward, gradient in the weights, and in what the layer was given.
    products = 2 if index == 0 and not input_gradient else 3
    total += products * 2 * rows * width * units
  return total


def step_flops(
  batch_size: int,
  evaluations: int,
  pixels: int,
  units: int,
  hidden: Sequence[int],
) -> int:
  """Returns the FLOPs of one step with one stochastic layer.

  One encoding of the batch and one decoding for each evaluation; samples are
  discrete, so that nothing flows back through them.
  """
  encoder = dense_flops(batch_size, [pixels, *hidden, units])
  decoder = dense_flops(batch_size * evaluations, [units, *hidden, pixels])
  return encoder + decoder


def matmul_rate(rows: int, units: int, pixels: int) -> float:
  """Returns the FLOP/s of the decoder's product and its transpose, chained."""
  x = tf.random.stateless_normal([rows, units], [0, 1])
  w = tf.random.stateless_normal([units, pixels], [0, 2]) / units
  v = tf.random.stateless_normal([pixels, units], [0, 3]) / units

  @tf.function(jit_compile=True)
  def chain() -> tf.Tensor:
    z = x
    for _ in range(_PRODUCTS):
      z = tf.matmul(tf.matmul(z, w), v)
    return z

  cost = clock.measure(chain, units=2 * _PRODUCTS, repeats=60)
  return 2 * rows * units * pixels / cost.wall
