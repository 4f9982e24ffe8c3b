"""How `fit` trains on an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
import contextlib
import math
from typing import Any, Protocol, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco.models import observations
from tf_mco.models import training_step
from tf_mco.models.array_training import execution as execution_lib
from tf_mco.models.array_training import order as order_lib
from tf_mco.models.array_training import streams

Logs: TypeAlias = dict[str, tf.Tensor]
_BATCH_SIZE = 32  # as in Keras


class ArrayModel(Protocol):
  """What training on an array asks of a model."""

  jit_compile: bool
  steps_per_execution: int
  automatic_length: bool
  execution: execution_lib.Execution | None
  array_function: Callable[[Iterator[streams.Block]], Logs] | None
  train_function: Callable | None

  def train_step(self, data: tf.Tensor) -> Logs:
    """Makes one step of training on a batch."""

  def get_metrics_result(self) -> Logs:
    """Returns the metrics."""

  @property
  def step(self) -> keras.Variable:
    """The number of training steps so far."""

  @property
  def order_seed(self) -> types.Seed:
    """The seed from which the order of the examples follows."""


def serves(x: observations.Data) -> bool:
  """Returns whether `fit` takes x for an array that fits into memory."""
  is_array = isinstance(x, np.ndarray) and not isinstance(x, np.memmap)
  return is_array or (tf.is_tensor(x) and isinstance(x, tf.Tensor))


def split(
  x: observations.Array, y: Sized | None, options: Mapping[str, Any]
) -> tuple[observations.Array, dict[str, Any]]:
  """Returns the training data and the options without `validation_split`.

  As in Keras, the validation data are the last ones.

  Args:
    x: `[N, ...]` observations.
    y: targets, which are not used, or None.
    options: those of `fit`.
  Raises:
    ValueError: if a part would have no examples, or if the number of targets is
      another one.
  """
  if y is not None and len(y) != len(x):
    raise ValueError(
      'Expected as many targets as observations, or none, because targets are '
      f'not used. Received: {len(y)} targets for {len(x)} observations'
    )
  options = dict(options)
  share = options.pop('validation_split', 0.0)
  if not share or options.get('validation_data') is not None:
    return x, options
  size = math.floor(len(x) * (1 - share))
  if not 0 < size < len(x):
    raise ValueError(
      '`validation_split` must leave examples for training and for validation. '
      f'Received: validation_split={share} for {len(x)} examples'
    )
  return x[:size], {**options, 'validation_data': x[size:]}


@contextlib.contextmanager
def arguments(
  model: ArrayModel, x: observations.Array, options: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
  """Yields the arguments of `keras.Model.fit` that train on an array.

  If the model is compiled with `jit_compile`, each execution is one program;
  see `execution.Execution`. Otherwise, and on several replicas, the array
  becomes a stream of the same batches.

  Args:
    model: built and compiled.
    x: `[N, ...]` observations, which have been checked.
    options: those of `fit`, with a list of callbacks.
  """
  options = dict(options)
  order = _order(model, len(x), options)
  options['shuffle'] = False  # What Keras gets is in its order already.
  if not model.jit_compile or training_step.num_replicas() > 1:
    yield {**options, **_stream(x, order, options['callbacks'])}
    return
  array = tf.convert_to_tensor(x)
  length = model.steps_per_execution
  model.array_function, blocks = _programs(model, array, order)
  try:
    yield {**options, 'x': blocks, 'steps_per_epoch': order.steps}
  finally:
    model.array_function, model.train_function = None, None
    model.steps_per_execution = length


def _order(
  model: ArrayModel, num_examples: int, options: dict[str, Any]
) -> order_lib.Order:
  """Returns the order, and takes its options out of those of `fit`."""
  batch_size = options.pop('batch_size', None) or _BATCH_SIZE
  # Keras reads the size of the batches of validation data from the same option.
  if options.get('validation_batch_size') is None:
    options['validation_batch_size'] = batch_size
  steps_per_epoch = options.pop('steps_per_epoch', None)
  if steps_per_epoch is None:
    batch_size = min(batch_size, num_examples)
  return order_lib.Order(
    num_examples,
    batch_size,
    shuffle=bool(options.pop('shuffle', True)),
    seed=model.order_seed,
    steps_per_epoch=steps_per_epoch,
  )


def _stream(
  x: observations.Array,
  order: order_lib.Order,
  callbacks: Sequence[keras.callbacks.Callback],
) -> dict[str, Any]:
  """Returns the arguments for a stream of batches."""
  # tf.data runs on the CPU. TensorFlow would put the array on a GPU.
  with tf.device('CPU:0'):
    array = tf.convert_to_tensor(x)
    epoch_start = tf.Variable(0, dtype=tf.int64, trainable=False)
  return {
    'x': streams.batches(array, order, epoch_start),
    'steps_per_epoch': order.steps_per_epoch,
    'callbacks': [streams.EpochStart(epoch_start), *callbacks],
  }


def _programs(
  model: ArrayModel, array: tf.Tensor, order: order_lib.Order
) -> tuple[Callable[[Iterator[streams.Block]], Logs], tf.data.Dataset]:
  """Returns what Keras calls for an execution, and what it calls that with."""
  first_step = int(model.step)
  if model.automatic_length:
    room = execution_lib.capacity(order.batch_size)
    block = next(iter(streams.blocks(order, first_step, room, room)))
    length = _execution_of(model).length(array, block)
  else:
    room = length = model.steps_per_execution
  model.steps_per_execution = length

  def function(iterator: Iterator[streams.Block]) -> Logs:
    return _execution_of(model)(array, next(iterator))

  return function, streams.blocks(order, first_step, length, room)


def _execution_of(model: ArrayModel) -> execution_lib.Execution:
  """Returns the compiled executions.

  A callback that observes gradients makes those before it void, also after this
  module has measured them.
  """
  if model.execution is None:
    model.execution = execution_lib.Execution(model)
  return model.execution
