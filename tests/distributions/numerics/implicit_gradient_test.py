"""Gradients that are attached to samples, against linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.distributions.numerics import implicit_gradient


def _attached(
  scale: tf.Tensor, shift: tf.Tensor, samples: tf.Tensor
) -> tf.Tensor:
  return implicit_gradient.with_path_gradient(
    samples,
    [scale, shift],
    lambda scale, shift: [2 * samples + scale, shift * tf.ones_like(samples)],
  )


def test_the_value_stays_and_the_gradient_is_reduced() -> None:
  scale, shift = tf.constant([1.0, 2.0, 3.0]), tf.constant(5.0)
  samples = tf.reshape(tf.range(6.0), [2, 3])
  upstream = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
  with tf.GradientTape() as tape:
    tape.watch((scale, shift, samples))
    attached = _attached(scale, shift, samples)
  np.testing.assert_array_equal(attached, samples)
  by_scale, by_shift, by_samples = tape.gradient(
    attached, (scale, shift, samples), output_gradients=upstream
  )
  expected = np.sum(upstream * (2 * samples + scale), axis=0)
  np.testing.assert_allclose(by_scale, expected)
  np.testing.assert_allclose(by_shift, 5 * np.sum(upstream))
  assert by_samples is None


def test_derivatives_are_cast_to_the_dtype_of_the_samples() -> None:
  alpha = tf.constant([1.0, 2.0])
  with tf.GradientTape() as tape:
    tape.watch(alpha)
    attached = implicit_gradient.with_path_gradient(
      tf.zeros([2]), [alpha], lambda a: [tf.cast(a, tf.float64) / 3]
    )
  np.testing.assert_allclose(tape.gradient(attached, alpha), [1 / 3, 2 / 3])


def test_a_second_derivative_is_refused() -> None:
  scale, shift = tf.constant([1.0]), tf.constant(5.0)
  with tf.GradientTape() as outer:
    outer.watch(scale)
    with tf.GradientTape() as inner:
      inner.watch(scale)
      attached = _attached(scale, shift, tf.zeros([4, 1]))
    slope = inner.gradient(attached, scale)
  with pytest.raises(LookupError, match='second derivative'):
    outer.gradient(slope, scale)


def test_a_vector_moves_by_a_triangular_solve() -> None:
  jacobian = np.array([[2.0, 0.0], [3.0, 4.0]])
  direction = np.array([1.0, -5.0])  # S = S0 + phi * direction
  phi = tf.constant(0.5, tf.float64)
  gradients = []
  for index in range(2):
    with tf.GradientTape() as tape:
      tape.watch(phi)
      z = implicit_gradient.with_vector_path_gradient(
        tf.constant([7.0, 8.0], tf.float64),
        phi * direction,
        tf.constant(jacobian),
      )[index]
    gradients.append(tape.gradient(z, phi))
  expected = -np.linalg.solve(jacobian, direction)
  np.testing.assert_allclose(gradients, expected)


@pytest.mark.parametrize('form', [2, [2], [2, 5], tf.constant([2, 5])])
def test_broadcast_and_reduce_are_transposed(form: object) -> None:
  parameter = tf.constant([1.0, 2.0, 3.0])
  full = implicit_gradient.broadcast_samples(parameter, form)
  sizes = np.reshape(form, -1)
  assert full.shape == (*sizes, 3)
  np.testing.assert_array_equal(
    full[0], np.broadcast_to(parameter, full[0].shape)
  )
  reduced = implicit_gradient.reduce_to(full, parameter)
  np.testing.assert_allclose(reduced, parameter * np.prod(sizes))


def test_broadcast_in_a_graph_of_unknown_sizes() -> None:
  @tf.function(
    input_signature=[
      tf.TensorSpec([None, 3]),
      tf.TensorSpec([], tf.int32),
    ]
  )
  def broadcast(parameter: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    full = implicit_gradient.broadcast_samples(parameter, [size, 2])
    assert full.shape.as_list() == [None, 2, None, 3]
    return full

  full = broadcast(tf.ones([4, 3]), tf.constant(5))
  assert full.shape == (5, 2, 4, 3)
