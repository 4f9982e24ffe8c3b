"""Tests of what samples remember."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_mco.distributions import log_sample
from tf_mco.distributions import normal_noise
from tf_mco.distributions import sample_memory


def _normal() -> tf.Tensor:
  return normal_noise.sample(
    tf.ones([3]), tf.fill([3], 1e-9), tf.constant([1.0, -2.0, 0.5])
  )


def test_operations_forget() -> None:
  z = _normal()
  assert sample_memory.of(z).noise is not None
  assert sample_memory.of(tf.identity(z)) == sample_memory.Memory()
  kept = sample_memory.stop_gradient(z)
  assert sample_memory.of(kept) is sample_memory.of(z)


def test_no_gradient_flows_through_a_memory() -> None:
  log_x = tf.constant([-500.0, 1.0])
  with tf.GradientTape() as tape:
    tape.watch(log_x)
    memory = sample_memory.of(log_sample.exp(log_x))
  assert tape.gradient(memory.log, log_x) is None


def test_a_vector_remembers_its_components() -> None:
  parts = [
    log_sample.exp(tf.constant([-500.0, 1.0, 2.0])),
    _normal(),
    log_sample.sigmoid(tf.constant([-300.0, 0.0, 300.0])),
    tf.constant([2.0, 3.0, 0.5]),
  ]
  vector = sample_memory.stack(parts)
  np.testing.assert_array_equal(vector, np.stack(parts, -1))
  again = sample_memory.unstack(vector, 4)
  for part, other in zip(parts, again, strict=True):
    np.testing.assert_array_equal(part, other)
  for index in (0, 2):
    np.testing.assert_array_equal(
      log_sample.log(again[index]), log_sample.log(parts[index])
    )
  np.testing.assert_array_equal(
    log_sample.log_complement(again[2]), log_sample.log_complement(parts[2])
  )
  np.testing.assert_array_equal(
    sample_memory.of(again[1]).noise, sample_memory.of(parts[1]).noise
  )
  # The last component had no memory. Its density is that of the number.
  np.testing.assert_allclose(log_sample.log(again[3]), np.log(parts[3]))
  one = tf.ones([3])
  np.testing.assert_array_equal(
    normal_noise.log_prob(again[3], one, one),
    normal_noise.log_prob(parts[3], one, one),
  )


def test_a_vector_without_any_memory() -> None:
  vector = sample_memory.stack([tf.ones([2]), tf.zeros([2])])
  assert sample_memory.of(vector) == sample_memory.Memory()
  assert len(sample_memory.unstack(vector, 2)) == 2


def test_gradients_flow_through_a_vector() -> None:
  log_x = tf.constant([-500.0, 1.0])
  with tf.GradientTape() as tape:
    tape.watch(log_x)
    vector = sample_memory.stack([log_sample.exp(log_x), tf.ones([2])])
    total = tf.reduce_sum(log_sample.log(sample_memory.unstack(vector, 2)[0]))
  np.testing.assert_allclose(tape.gradient(total, log_x), [1, 1], rtol=1e-6)
