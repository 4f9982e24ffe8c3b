"""Eager execution runs a decorated function as one graph."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_mco.distributions.numerics import traced


def test_the_function_is_traced_once_for_each_combination_of_dtypes() -> None:
  shapes = []

  @traced.in_graph
  def scaled(x: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
    shapes.append((x.shape.rank, words.shape.as_list()))
    return x * tf.cast(words[0], x.dtype)

  words = tf.constant([3, 4])
  for value in (1.0, [1.0, 2.0], [[5.0]]):
    x = tf.constant(value)
    np.testing.assert_array_equal(scaled(x, words), 3 * x)
  assert shapes == [(None, [2])]
  assert scaled(tf.constant(1.0, tf.float64), words).dtype == tf.float64
  assert shapes == [(None, [2])] * 2


def test_within_a_graph_the_function_is_called_as_it_is() -> None:
  @traced.in_graph
  def doubled(x: tf.Tensor) -> tf.Tensor:
    assert x.shape == [2]
    return 2 * x

  graph = tf.function(doubled).get_concrete_function(tf.ones([2])).graph
  kinds = {operation.type for operation in graph.get_operations()}
  assert not any('Call' in kind for kind in kinds)


def test_gradients_flow() -> None:
  square = traced.in_graph(lambda x: x * x)
  x = tf.constant([1.0, 3.0])
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = square(x)
  np.testing.assert_array_equal(tape.gradient(y, x), 2 * x)
