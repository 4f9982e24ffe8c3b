"""Elementwise work in parts on a CPU, and in one piece under XLA."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.distributions.numerics import chunked
from tf_mco.distributions.numerics import gamma as gamma_numerics

_MANY = 2**15 + 1  # elements, of which a part has fewer


def _pieces(x: tf.Tensor) -> tf.Tensor:
  """Returns 1 where the work was done in one piece, and 2 otherwise."""

  def mark(start: tf.Tensor | None, part: tf.Tensor) -> tf.Tensor:
    return tf.zeros_like(part) + (1.0 if start is None else 2.0)

  return chunked.elementwise(mark, x)


def test_parts_on_a_cpu_and_one_piece_under_xla() -> None:
  x = tf.zeros([_MANY])
  graph = tf.function(_pieces)
  compiled = tf.function(_pieces, jit_compile=True)
  within = tf.function(lambda x: (graph(x), compiled(x)))
  around = tf.function(lambda x: graph(x), jit_compile=True)
  for result, expected in (
    (graph(x), 2),
    (compiled(x), 1),
    (within(x)[0], 2),
    (within(x)[1], 1),
    (around(x), 1),
    (_pieces(x), 1),
    (graph(x[1:]), 1),
  ):
    np.testing.assert_array_equal(result, np.full(result.shape, expected))


@pytest.mark.parametrize('jit', [False, True])
def test_within_vectorized_map(jit: bool) -> None:
  @tf.function(jit_compile=jit)
  def mapped(x: tf.Tensor) -> tf.Tensor:
    def double(start: tf.Tensor | None, part: tf.Tensor) -> tf.Tensor:
      del start
      return 2 * part

    return tf.vectorized_map(lambda row: chunked.elementwise(double, row), x)

  x = tf.random.stateless_uniform([2, _MANY], [1, 2])
  np.testing.assert_array_equal(mapped(x), 2 * x)


@pytest.mark.parametrize('size', [0, 1, 2**15, _MANY, 100_003])
def test_every_element_of_an_unknown_shape_is_computed(size: int) -> None:
  def index(start: tf.Tensor | None, part: tf.Tensor) -> tf.Tensor:
    first = 0 if start is None else start
    return part + tf.cast(first + tf.range(tf.size(part)), part.dtype)

  run = tf.function(
    lambda x: chunked.elementwise(index, x),
    input_signature=[tf.TensorSpec(None)],
  )
  np.testing.assert_array_equal(run(tf.zeros([size])), np.arange(size))
  two = run(tf.zeros([3, size]))
  np.testing.assert_array_equal(
    two, np.arange(3 * size, dtype=np.float32).reshape(3, size)
  )


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
def test_a_draw_in_parts_is_that_in_one_piece(dtype: tf.DType) -> None:
  alpha = tf.cast(tf.exp(tf.linspace(-5.0, 5.0, 70_001)), dtype)

  def draw(alpha: tf.Tensor) -> tf.Tensor:
    return gamma_numerics.log_sample(alpha, seed=-3)

  parts = tf.function(draw)(alpha)
  whole = tf.function(draw, jit_compile=True)(alpha)
  # The compiler rounds otherwise. Near 0 a logarithm has few digits.
  tolerance = 1e-4 if dtype == tf.float32 else 1e-12
  np.testing.assert_allclose(parts, whole, rtol=tolerance, atol=tolerance)
