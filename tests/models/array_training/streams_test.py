"""Tests of the streams: executions and batches have the same examples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.models.array_training import order as order_lib
from tf_mco.models.array_training import streams

_NUMBER, _BATCH = 23, 5


def _of_blocks(order: order_lib.Order, length: int, num: int) -> list:
  """Returns the batches of the first blocks, one list for each epoch."""
  epochs: list[list] = []
  blocks = streams.blocks(order, first_step=0, length=length, capacity=9)
  for block in blocks.take(num):
    if not epochs or len(epochs[-1]) == order.steps:
      epochs.append([])
    epochs[-1].extend(block.examples.numpy()[: int(block.full)].tolist())
    if block.has_rest:
      epochs[-1].append(block.rest.numpy().tolist())
  return epochs


def _of_batches(order: order_lib.Order, epochs: int) -> list:
  start = tf.Variable(0, dtype=tf.int64)
  data = streams.batches(tf.range(order.num_examples), order, start)
  result = []
  for _ in range(epochs):
    seen = itertools.islice(data.as_numpy_iterator(), order.steps)
    result.append([batch.tolist() for batch in seen])
    start.assign_add(order.steps)
  return result


@pytest.mark.parametrize('length', [1, 2, 4, 5, 9])
@pytest.mark.parametrize(
  ('number', 'steps_per_epoch'), [(23, None), (20, None), (23, 7)]
)
def test_executions_have_the_examples_of_the_batches(
  length: int, number: int, steps_per_epoch: int | None
) -> None:
  order = order_lib.Order(number, _BATCH, True, 3, steps_per_epoch)
  per_epoch = -(-order.steps // length)
  found = _of_blocks(order, length, 3 * per_epoch)
  assert found == _of_batches(order, epochs=3)
  if not steps_per_epoch:
    for epoch in found:
      assert sorted(itertools.chain(*epoch)) == list(range(number))


@pytest.mark.parametrize(
  ('number', 'steps_per_epoch', 'size', 'cardinality'),
  [(23, None, None, 5), (20, None, 5, 4), (23, 7, 5, -1)],
)
def test_shapes_and_length(
  number: int, steps_per_epoch: int | None, size: int | None, cardinality: int
) -> None:
  order = order_lib.Order(number, _BATCH, True, 3, steps_per_epoch)
  array = tf.zeros([number, 2, 3], tf.uint8)
  data = streams.batches(array, order, tf.Variable(0, dtype=tf.int64))
  assert data.element_spec == tf.TensorSpec([size, 2, 3], tf.uint8)
  assert int(data.cardinality()) == cardinality


def test_a_block_ignores_what_is_behind_its_end() -> None:
  order = order_lib.Order(_NUMBER, _BATCH, False, 0, None)
  block = next(iter(streams.blocks(order, 0, length=3, capacity=6)))
  assert int(block.full) == 3
  assert not block.has_rest
  np.testing.assert_array_equal(block.examples[:3], np.arange(15).reshape(3, 5))
