"""A function computed again in its backward pass: the same gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.posteriors.hamiltonian import leapfrog
from tf_mco.posteriors.hamiltonian import recompute

_Z = np.random.default_rng(0).normal(size=(2, 3, 4))
_P = np.random.default_rng(1).normal(size=(2, 3, 4))
_WEIGHT = np.random.default_rng(2).normal(size=(4, 4))


def _loss(
  variable: tf.Variable, watched: tf.Tensor, recompute_it: bool
) -> tf.Tensor:
  """Returns a function of a trajectory whose potential has parameters.

  One is a variable that the potential reads, one a tensor made before it.
  """
  captured = tf.exp(0.1 * watched)

  def log_density(z: tf.Tensor) -> tf.Tensor:
    hidden = tf.tanh(tf.linalg.matmul(z, tf.convert_to_tensor(variable)))
    return -tf.reduce_sum((hidden - captured) ** 2 + 0.1 * z**2, -1)

  size = tf.constant(0.2, tf.float64) * tf.reduce_mean(captured)
  scale = tf.sqrt(captured)
  end = leapfrog.integrate(
    log_density,
    tf.constant(_Z) * watched,
    tf.constant(_P),
    [size] * 3,
    [scale] * 3,
    recompute=recompute_it,
  )
  return tf.reduce_sum(end.log_density) + tf.reduce_sum(tf.sin(end.momentum))


def _inside(variable: tf.Variable, recompute_it: bool) -> Callable:
  def gradients(watched: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(watched)
      value = _loss(variable, watched, recompute_it)
    return value, *tape.gradient(value, (watched, variable))

  return gradients


def _outside(
  variable: tf.Variable, recompute_it: bool, **options: Any
) -> Callable:
  compiled = tf.function(
    lambda watched: _loss(variable, watched, recompute_it), **options
  )

  def gradients(watched: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(watched)
      value = compiled(watched)
    return value, *tape.gradient(value, (watched, variable))

  return gradients


def _ways(variable: tf.Variable, again: bool) -> dict[str, Callable]:
  inside = _inside(variable, again)
  return {
    'eager': inside,
    'graph': tf.function(inside),
    'jit': tf.function(inside, jit_compile=True),
    'tape_outside': _outside(variable, again),
    'tape_outside_jit': _outside(variable, again, jit_compile=True),
  }


@pytest.mark.parametrize(
  'way', ['eager', 'jit', 'tape_outside', 'tape_outside_jit']
)
def test_gradients_of_second_order(way: str) -> None:
  variable = tf.Variable(_WEIGHT)
  watched = tf.constant([1.1, 0.7, -0.4, 0.9], tf.float64)
  expected = _ways(variable, False)['eager'](watched)
  found = _ways(variable, True)[way](watched)
  for one, two in zip(found, expected, strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-12)


def _products(recompute_it: bool) -> int:
  """Returns the matrix products in what XLA makes of a gradient."""
  variable = tf.Variable(_WEIGHT)
  compiled = tf.function(_inside(variable, recompute_it), jit_compile=True)
  watched = tf.constant([1.1, 0.7, -0.4, 0.9], tf.float64)
  text = compiled.experimental_get_compiler_ir(watched)('optimized_hlo')
  return text.count(' dot(') + text.count('__cublas') + text.count('dot_')


def test_the_compiler_keeps_the_second_computation() -> None:
  """The compiler could find the result in memory, and must not."""
  assert _products(True) > _products(False)


def test_a_function_without_gradients() -> None:
  @tf.function
  def fn(x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
      tape.watch(x)
      y, z = recompute.recompute(lambda x: (2 * x, tf.ones_like(x)), x)
      total = tf.reduce_sum(y * z)
    return tape.gradient(total, x)

  np.testing.assert_array_equal(fn(tf.ones([3])), np.full(3, 2.0))


def test_second_derivatives() -> None:
  """The gradient of the recomputed trajectory is differentiated again."""
  variable, watched = tf.Variable(_WEIGHT), tf.constant(0.7, tf.float64)

  def second(recompute_it: bool) -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
      tape.watch(watched)
      slope = _inside(variable, recompute_it)(watched)[1]
    sources = (watched, variable)
    return tape.gradient(slope, sources)

  compiled = tf.function(second, autograph=False)
  for found, expected in zip(compiled(True), compiled(False), strict=True):
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_tape_outside_of_vectorized_map() -> None:
  """The gradient was once a plausible 0 there."""
  variable = tf.Variable(_WEIGHT)
  watched = tf.constant([0.7, 0.9], tf.float64)

  def gradient() -> tf.Tensor:
    with tf.GradientTape() as tape:
      tape.watch(watched)
      values = tf.vectorized_map(lambda w: _loss(variable, w, True), watched)
    return tape.gradient(values, watched)

  for way in (gradient, tf.function(gradient, autograph=False)):
    with pytest.raises(Exception, match='put the tape inside of the mapped'):
      way()
