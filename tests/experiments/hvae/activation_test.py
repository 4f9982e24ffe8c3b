"""Tests of the softplus of the Hamiltonian VAE's networks."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.hvae import activation

_X = np.array([-800.0, -40.0, -2.0, -1e-9, 0.0, 1e-9, 0.7, 30.0, 800.0])


@pytest.mark.parametrize('jit_compile', [False, True])
def test_value_and_derivatives(jit_compile: bool) -> None:
  @tf.function(jit_compile=jit_compile)
  def all_of(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
    with tf.GradientTape() as outer:
      outer.watch(x)
      with tf.GradientTape() as inner:
        inner.watch(x)
        value = activation.softplus(x)
      first = inner.gradient(value, x)
    return value, first, outer.gradient(first, x)

  value, first, second = all_of(tf.constant(_X))
  np.testing.assert_allclose(value, np.logaddexp(0, _X), rtol=1e-14)
  sigmoid = np.exp(-np.logaddexp(0, -_X))
  np.testing.assert_allclose(first, sigmoid, rtol=1e-13)
  slope = sigmoid * np.exp(-np.logaddexp(0, _X))
  # TensorFlow computes s (1 - s) of the sigmoid s.
  np.testing.assert_allclose(second, slope, rtol=1e-13, atol=1e-16)


def test_float32_is_right_to_the_last_digits() -> None:
  x = np.linspace(-80, 80, 20_001, dtype=np.float32)
  expected = np.logaddexp(0, x.astype(np.float64))
  np.testing.assert_allclose(activation.softplus(x), expected, rtol=3e-7)


def test_faults_and_infinities_pass() -> None:
  found = activation.softplus(np.array([np.nan, np.inf, -np.inf]))
  np.testing.assert_array_equal(found, [np.nan, np.inf, 0.0])


def test_a_layer_is_saved_with_it() -> None:
  layer = keras.layers.Dense(2, activation=activation.softplus)
  again = keras.layers.deserialize(keras.layers.serialize(layer))
  assert again.activation is activation.softplus
