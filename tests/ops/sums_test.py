"""Tests of sums: the same values and gradients in every form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.ops import sums

_X = np.random.default_rng(0).normal(size=[4, 3, 40])
_BIAS = np.random.default_rng(1).normal(size=[40])

_CASES: dict[str, tuple[Callable, Callable, list[np.ndarray]]] = {
  'over_last_axis': (sums.over_last_axis, lambda x: x.sum(-1), [_X]),
  'of_products_with_a_vector': (
    sums.of_products,
    lambda x, y: (x * y).sum(-1),
    [_X, _BIAS],
  ),
  'of_products': (
    sums.of_products,
    lambda x, y: (x * y).sum(-1),
    [_X, _X[:1] - 1],
  ),
  'with_bias': (sums.with_bias, lambda x, b: x + b, [_X[0], _BIAS]),
  'with_bias_of_samples': (sums.with_bias, lambda x, b: x + b, [_X, _BIAS]),
}


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('name', _CASES)
def test_values_and_gradients(name: str, jit_compile: bool) -> None:
  fn, expected, inputs = _CASES[name]
  upstream = np.random.default_rng(2).normal(size=expected(*inputs).shape)

  @tf.function(jit_compile=jit_compile)
  def both(*args: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
    with tf.GradientTape() as tape:
      tape.watch(args)
      value = fn(*args)
      total = tf.reduce_sum(value * upstream)
    return value, tape.gradient(total, args)

  value, gradients = both(*map(tf.constant, inputs))
  np.testing.assert_allclose(value, expected(*inputs), rtol=1e-12, atol=1e-12)
  for index, gradient in enumerate(gradients):
    step = np.random.default_rng(3).normal(size=inputs[index].shape)
    ahead, behind = (
      (
        expected(*(x + s * step * (i == index) for i, x in enumerate(inputs)))
        * upstream
      ).sum()
      for s in (0.5, -0.5)
    )
    # The sums are linear in each argument, so that a difference is exact.
    slope = (gradient.numpy() * step).sum()
    np.testing.assert_allclose(slope, ahead - behind, rtol=1e-10)


def test_infinite_entries_stay_infinite() -> None:
  x = tf.constant([[1.0, -np.inf], [2.0, 3.0]])
  for jit_compile in (False, True):
    total = tf.function(sums.over_last_axis, jit_compile=jit_compile)(x)
    np.testing.assert_array_equal(total, [-np.inf, 5])


def test_a_compiled_sum_is_a_product() -> None:
  @tf.function(jit_compile=True)
  def total(x: tf.Tensor) -> tf.Tensor:
    return sums.over_last_axis(x)

  x = tf.zeros([100, 200])
  text = total.experimental_get_compiler_ir(x)(stage='hlo')
  assert ' dot(' in text
  assert ' dot(' not in total.experimental_get_compiler_ir(
    tf.cast(x, tf.bfloat16)
  )(stage='hlo')
