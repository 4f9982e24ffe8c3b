"""Tests of executions as one program: the same training, step by step."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco.models.array_training import execution as execution_lib
from tf_mco.models.array_training import order as order_lib
from tf_mco.models.array_training import streams

_ORDER = order_lib.Order(10, 4, True, 0, 100)


def _model(optimizer: object = 'adam', **options: object) -> keras.Model:
  model = tiny.model('disarm', dtype='float64', pixel_range=(0, 255))
  model.compile(optimizer, jit_compile=True, **options)
  model.optimizer.build(model.trainable_variables)
  return model


def _block(num: int) -> streams.Block:
  return next(iter(streams.blocks(_ORDER, 0, num, num)))


def test_a_hundred_steps_are_those_of_single_calls() -> None:
  array = tf.constant(tiny.images(10))
  model, stepwise = _model(), _model()
  logs = execution_lib.Execution(model)(array, _block(100))

  @tf.function(jit_compile=True)
  def step(x: tf.Tensor) -> None:
    stepwise.train_step(x)

  for examples in _block(100).examples:
    step(tf.gather(array, examples))
  for ours, theirs in zip(tiny.state(model), tiny.state(stepwise), strict=True):
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
  for name, value in stepwise.get_metrics_result().items():
    np.testing.assert_allclose(logs[name], value, rtol=1e-9)
  assert int(model.step) == 100


# Neither is an optimizer of a whole model by itself: `MultiOptimizer` is what
# `GroupOptimizer` does here.
_NOT_ALONE = {'MultiOptimizer', 'OptimizerMap', 'Optimizer'}
_OPTIMIZERS = sorted(
  name
  for name, value in vars(keras.optimizers).items()
  if isinstance(value, type) and name not in _NOT_ALONE
)


def _optimizer(name: str) -> keras.optimizers.Optimizer:
  if name == 'LossScaleOptimizer':
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
  return getattr(keras.optimizers, name)()


def test_there_are_many_optimizers() -> None:
  assert {'Adam', 'Lamb', 'Muon', 'RMSprop', 'SGD'} < set(_OPTIMIZERS)


@pytest.mark.parametrize('name', _OPTIMIZERS)
def test_every_optimizer_of_keras(name: str) -> None:
  array = tf.constant(tiny.images(10))
  model, stepwise = (
    tiny.model('reinforce', pixel_range=(0, 255)) for _ in range(2)
  )
  for each in (model, stepwise):
    each.compile(_optimizer(name), jit_compile=True)
    each.optimizer.build(each.trainable_variables)
  before = tiny.trained_values(model)
  execution_lib.Execution(model)(array, _block(3))
  for examples in _block(3).examples:
    stepwise.train_step(tf.gather(array, examples))
  assert np.any(tiny.trained_values(model) != before)
  np.testing.assert_allclose(
    tiny.trained_values(model), tiny.trained_values(stepwise), rtol=1e-4
  )


def test_measuring_the_length_leaves_no_trace() -> None:
  array = tf.constant(tiny.images(10))
  model = _model()
  before = tiny.state(model)
  length = execution_lib.Execution(model).length(array, _block(50))
  assert 1 <= length <= 50
  for old, new in zip(before, tiny.state(model), strict=True):
    np.testing.assert_array_equal(old, new)
  assert int(model.step) == 0


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
  num = 997  # a size that nothing else has
  array = tf.constant(tiny.images(10))
  execution = execution_lib.Execution(_model())
  block = _block(num)
  program = execution.program(array, block)
  sizes = set(re.findall(rf'\w+\[(?:\d+,)*{num}(?:,\d+)*\]', program))
  assert sizes == {f's32[{num},4]'}


def test_a_program_asks_nothing_of_the_host() -> None:
  array = tf.constant(tiny.images(10))
  program = execution_lib.Execution(_model()).program(array, _block(5))
  for word in ('infeed', 'outfeed', ' send', ' recv', 'callback'):
    assert word not in program


@pytest.mark.parametrize(
  ('batch_size', 'expected'), [(50, 1000), (2**16, 2), (2**20, 1)]
)
def test_capacity(batch_size: int, expected: int) -> None:
  assert execution_lib.capacity(batch_size) == expected
