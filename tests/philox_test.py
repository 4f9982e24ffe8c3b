"""Tests that the words under XLA are those of TensorFlow's own generator."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import philox
from tf_mco import random

# Negative halves of a seed, and a counter that overflows, are extended by their
# sign in some implementations and not in others.
_SEEDS = (0, 3, -5, 2**62 + 7, -(2**63), 2**33)
_PHILOX = 1


@pytest.mark.parametrize('dtype', [tf.int32, tf.int64], ids=lambda t: t.name)
@pytest.mark.parametrize('shape', [[], [0], [1], [5], [16], [3, 7], [10_001]])
def test_bits_are_those_of_tensorflow(
  shape: list[int], dtype: tf.DType
) -> None:
  @tf.function(jit_compile=True)
  def compiled(seed: tf.Tensor) -> tf.Tensor:
    assert philox.is_faster()
    return philox.bits(shape, dtype=dtype, seed=seed)

  for seed in map(random.as_seed, _SEEDS):
    expected = tf.random.stateless_uniform(
      shape, seed, None, None, dtype, alg='philox'
    )
    np.testing.assert_array_equal(compiled(seed), expected)
    # Outside of XLA the operations have the same words, and are slow.
    np.testing.assert_array_equal(
      philox.bits(shape, dtype=dtype, seed=seed), expected
    )


def test_a_shape_may_be_known_to_the_compiler_only() -> None:
  @tf.function(jit_compile=True, input_signature=[tf.TensorSpec([None, 3])])
  def compiled(like: tf.Tensor) -> tf.Tensor:
    half = [tf.shape(like)[0] // 2, 3]
    return philox.bits(half, dtype=tf.int32, seed=tf.constant([1, 2]))

  expected = philox.bits([5, 3], dtype=tf.int32, seed=tf.constant([1, 2]))
  np.testing.assert_array_equal(compiled(tf.zeros([10, 3])), expected)


@pytest.mark.parametrize('low', [0, 2**32 - 2, 2**64 - 2])
@pytest.mark.parametrize('size', [3, 40])
def test_the_counter_carries(low: int, size: int) -> None:
  key = tf.constant(0xFEDCBA9876543210, tf.uint64)
  counter = tf.constant([low, 2**64 - 5], tf.uint64)
  expected = tf.raw_ops.StatelessRandomUniformFullIntV2(
    shape=[size],
    key=tf.reshape(key, [1]),
    counter=counter,
    alg=_PHILOX,
    dtype=tf.uint32,
  )
  words = philox.words(size, key=key, counter=counter)
  np.testing.assert_array_equal(words, expected)


def test_only_a_compiled_function_uses_the_operations() -> None:
  seen = []

  @tf.function
  def graph() -> None:
    seen.append(philox.is_faster())

  @tf.function(jit_compile=True)
  def compiled() -> None:
    seen.append(philox.is_faster())
    tf.while_loop(lambda i: i < 2, body, [0])

  def body(i: tf.Tensor) -> list[tf.Tensor]:
    seen.append(philox.is_faster())
    return [i + 1]

  graph()
  compiled()
  assert seen == [False, True, True]
  assert not philox.is_faster()


@pytest.mark.parametrize('seed', _SEEDS)
def test_seeds_are_the_same_with_xla_and_without(seed: int) -> None:
  def derived() -> list[tf.Tensor]:
    folded = random.fold_in(seed, tf.constant(-3, tf.int64))
    return [folded, *random.split(seed, 3)]

  compiled = tf.function(derived, jit_compile=True)
  for under_xla, eager in zip(compiled(), derived(), strict=True):
    np.testing.assert_array_equal(under_xla, eager)
