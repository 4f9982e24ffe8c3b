"""Data sets of batches, and of the indices of whole executions."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from tf_mco.models.array_training import order as order_lib

_PREFETCH = 8


class Block(NamedTuple):
  """The examples of one execution.

  Attributes:
    examples: int32 `[capacity, B]`, the indices of full batches, of which the
      first `full` count.
    full: int32 `[]`, the number of full batches.
    rest: int32 `[R]`, the indices of the last batch of an epoch, where
      `has_rest` is true.
    has_rest: a boolean `[]`.
  """

  examples: tf.Tensor
  full: tf.Tensor
  rest: tf.Tensor
  has_rest: tf.Tensor


def blocks(
  order: order_lib.Order, first_step: int, length: int, capacity: int
) -> tf.data.Dataset:
  """Returns the blocks of all executions from a step on, without an end.

  Args:
    order: the order of the examples.
    first_step: the steps of the model so far.
    length: the number of steps of an execution. The last one of an epoch has
      what is left over.
    capacity: the number of batches that a block has room for. It decides the
      shapes of the program, which serves all lengths up to it.
  """
  per_epoch = -(-order.steps // length)
  spare = [[0, capacity - length], [0, 0]]

  def block(index: tf.Tensor) -> Block:
    epoch_start = first_step + index // per_epoch * order.steps
    start = index % per_epoch * length
    end = tf.minimum(start + length, order.steps)
    step = start + tf.range(length, dtype=tf.int64)
    full = tf.minimum(end, order.full_steps) - start
    examples = tf.pad(order.examples(epoch_start, step), spare)
    return Block(
      tf.cast(examples, tf.int32),
      tf.cast(full, tf.int32),
      tf.cast(order.rest_examples(epoch_start), tf.int32),
      end > order.full_steps,
    )

  return tf.data.Dataset.counter().map(block).prefetch(2)


class EpochStart(keras.callbacks.Callback):
  """Tells a data set at which step of the model the present epoch began."""

  def __init__(self, step: tf.Variable):
    super().__init__()
    self._step = step

  def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
    """Notes the steps of the model so far."""
    del epoch, logs
    self._step.assign(int(self.model.step))


def batches(
  array: tf.Tensor, order: order_lib.Order, epoch_start: tf.Variable
) -> tf.data.Dataset:
  """Returns the batches of an epoch, `[B, ...]`.

  With `steps_per_epoch` the data set has no end.

  Args:
    array: `[N, ...]`, on the CPU.
    order: the order of the examples.
    epoch_start: what `EpochStart` sets. An iterator reads it when it starts.
  """
  size = None if order.rest else order.batch_size

  def batch(first_step: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    indices = order.examples(first_step, step[tf.newaxis])[0]
    if order.rest:
      indices = tf.cond(
        step < order.full_steps,
        lambda: indices,
        lambda: order.rest_examples(first_step),
      )
    gathered = tf.gather(array, indices)
    return tf.ensure_shape(gathered, [size, *array.shape[1:]])

  def epoch(first_step: tf.Tensor) -> tf.data.Dataset:
    steps = (
      tf.data.Dataset.counter()
      if order.steps_per_epoch
      else tf.data.Dataset.range(order.steps)
    )
    return steps.map(lambda step: batch(first_step, step))

  one = tf.data.Dataset.from_tensors(0)
  start = one.map(lambda _: tf.identity(epoch_start))
  found = start.flat_map(epoch).prefetch(_PREFETCH)
  endless = tf.data.INFINITE_CARDINALITY
  return found.apply(
    tf.data.experimental.assert_cardinality(
      endless if order.steps_per_epoch else order.steps
    )
  )
