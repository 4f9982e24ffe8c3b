"""Losses whose value is one tensor and whose gradient is another's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.ops import gradients


@pytest.mark.parametrize('jit_compile', [False, True])
def test_graft(jit_compile: bool) -> None:
  def step(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.GradientTape() as tape:
      tape.watch(x)
      grafted = gradients.with_gradient_of(tf.sin(x) / 3, 1e20 * x**2)
    return grafted, tape.gradient(grafted, x)

  x = tf.constant([0.1, -0.7, 3.0], tf.float64)
  step_fn = tf.function(step, jit_compile=True) if jit_compile else step
  value, gradient = step_fn(x)
  np.testing.assert_allclose(value, np.sin(x) / 3, rtol=1e-15)
  np.testing.assert_allclose(gradient, 2e20 * x, rtol=1e-15)
  if not jit_compile:
    np.testing.assert_array_equal(value, tf.sin(x) / 3)


@pytest.mark.parametrize('rank', [2, 3, 4])
def test_expand_to_event(rank: int) -> None:
  shape = [2, 3, 4, 5][:rank]
  expanded = gradients.expand_to_event(tf.zeros([2, 3]), tf.zeros(shape))
  assert expanded.shape == [2, 3, 1, 1][:rank]


def test_sum_event() -> None:
  values = tf.reshape(tf.range(120.0), [2, 3, 4, 5])
  expected = np.arange(120.0).reshape(2, 3, 20).sum(-1)
  np.testing.assert_array_equal(gradients.sum_event(values, 2), expected)
  np.testing.assert_array_equal(
    gradients.sum_event(values[..., 0, 0], 2), values[..., 0, 0]
  )


_X = tf.constant([0.4, -1.3, 2.0], tf.float64)
_OUTSIDE = 'put the tape inside of the mapped function'


@gradients.custom_gradient
def _seven(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
  """Returns x^2 with the gradient 7, which no operation has."""
  return x**2, lambda upstream: 7 * upstream


@gradients.custom_gradient
def _drawn(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
  """Returns a constant, as a sampler does, with the gradient 7."""
  return tf.stop_gradient(x) + 1, lambda upstream: 7 * upstream


@gradients.custom_gradient
def _pair(x: tf.Tensor, y: tf.Tensor) -> tuple[tuple, Callable]:
  """Returns two values, of two floating arguments."""
  return (x * y, x + y), lambda one, two: (3 * one + two, 5 * one)


def _gradient(fn: Callable, x: tf.Tensor = _X) -> tf.Tensor:
  with tf.GradientTape() as tape:
    tape.watch(x)
    value = fn(x)
  return tape.gradient(value, x)


_WAYS: dict[str, Callable[[Callable], tf.Tensor]] = {
  'eager': _gradient,
  'graph': lambda fn: tf.function(lambda x: _gradient(fn, x))(_X),
  'jit': lambda fn: tf.function(lambda x: _gradient(fn, x), jit_compile=True)(
    _X
  ),
  'tape outside': lambda fn: _gradient(tf.function(fn)),
  'map_fn': lambda fn: _gradient(lambda x: tf.map_fn(fn, x)),
  'map_fn in graph': lambda fn: tf.function(
    lambda x: _gradient(lambda y: tf.map_fn(fn, y), x)
  )(_X),
  'vectorized': lambda fn: tf.vectorized_map(lambda x: _gradient(fn, x), _X),
}


@pytest.mark.parametrize('fn', [_seven, _drawn])
@pytest.mark.parametrize('way', _WAYS)
def test_custom_gradient(fn: Callable, way: str) -> None:
  np.testing.assert_array_equal(_WAYS[way](fn), [7, 7, 7])


@pytest.mark.parametrize('fn', [_seven, _drawn])
@pytest.mark.parametrize('compiled', [False, True])
def test_a_lost_custom_gradient_is_an_error(
  fn: Callable, compiled: bool
) -> None:
  """Also where the operations of the value have no gradient of their own."""
  outside = lambda x: _gradient(lambda y: tf.vectorized_map(fn, y), x)  # noqa: E731
  with pytest.raises(Exception, match=_OUTSIDE):
    (tf.function(outside) if compiled else outside)(_X)


def test_custom_gradient_of_two_values() -> None:
  y = tf.constant([2.0, 3.0, 5.0], tf.float64)
  for fn in (_pair, tf.function(_pair)):
    with tf.GradientTape() as tape:
      tape.watch((_X, y))
      product, total = fn(_X, y)
      loss = 2 * product + total
    np.testing.assert_array_equal(product, _X * y)
    found = tape.gradient(loss, (_X, y))
    np.testing.assert_array_equal(found, [[7] * 3, [10] * 3])


def test_forward_mode_of_a_custom_gradient() -> None:
  direction = tf.constant([1.0, -2.0, 3.0], tf.float64)

  def forward(fn: Callable) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(_X, direction) as accumulator:
      value = fn(_X)
    return accumulator.jvp(value)

  for fn in (_seven, _drawn, tf.function(_seven)):
    np.testing.assert_array_equal(forward(fn), 7 * direction)
  with pytest.raises(Exception, match='use a tf.GradientTape'):
    tf.function(lambda: forward(_drawn))()


@pytest.mark.parametrize('way', [lambda f: f, tf.function])
def test_an_estimate_is_of_first_order(way: Callable) -> None:
  def loss(x: tf.Tensor) -> tf.Tensor:
    return gradients.with_estimate_of(tf.sin(x), x**3)

  np.testing.assert_array_equal(loss(_X), tf.sin(_X))
  np.testing.assert_allclose(_gradient(loss), 3 * _X**2, rtol=1e-15)
  with pytest.raises(Exception, match='second derivative of this estimator'):
    way(lambda: _gradient(lambda x: _gradient(loss, x)))()
  plain = lambda x: gradients.with_gradient_of(x, x**3)  # noqa: E731
  second = _gradient(lambda x: _gradient(plain, x))
  np.testing.assert_allclose(second, 6 * _X, rtol=1e-15)


def test_an_estimate_under_a_persistent_tape() -> None:
  """Two groups of parameters, and a compiled loss in one tape."""
  loss = tf.function(lambda x, y: gradients.with_estimate_of(x, x * y))
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(_X)
    y = 2 * _X
    value = loss(_X, y)
  np.testing.assert_array_equal(tape.gradient(value, y), _X)
  np.testing.assert_array_equal(tape.gradient(value, _X), 4 * _X)


def test_the_bars_cost_nothing_when_compiled() -> None:
  """No operation of a bar is left in a step that XLA has compiled."""

  def text(estimate: Callable) -> list[str]:
    step = tf.function(
      lambda x: _gradient(lambda y: estimate(tf.sin(y), y**3), x),
      jit_compile=True,
    )
    code = step.experimental_get_compiler_ir(_X)('optimized_hlo')
    lines = [line for line in code.splitlines() if ' = ' in line]
    return sorted(line.split('(')[0].split()[-1] for line in lines)

  assert text(gradients.with_estimate_of) == text(gradients.with_gradient_of)
