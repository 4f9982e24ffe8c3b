"""Losses whose value is one tensor and whose gradient is another's."""

from __future__ import annotations

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
