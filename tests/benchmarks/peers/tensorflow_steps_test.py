"""The loop of steps by hand: its draws and its updates."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import clock
from benchmarks.peers import problem
from benchmarks.peers import tensorflow_steps

_IMAGES = np.random.default_rng(0).integers(0, 256, [40, 9], dtype=np.uint8)
_CASE = problem.CASES['disarm linear']._replace(
  batch_size=8, units=4, execution=3, pixels=9, learning_rate=0.01
)


def _program() -> tensorflow_steps.Program:
  initial = problem.initial(_CASE, _IMAGES.mean(axis=0) / 255)
  return tensorflow_steps.Program(_CASE, _IMAGES, initial)


def test_a_pixel_is_one_as_often_as_it_is_bright():
  grey = np.tile(np.arange(0, 256, 51, dtype=np.uint8), [100_000, 1])
  ones = tensorflow_steps.binarize(tf.constant(grey), tf.constant([1, 2]))
  # Four standard errors of the mean of 1e5 bits.
  np.testing.assert_allclose(
    np.mean(ones, axis=0), np.arange(6) / 5, atol=4 * 0.5 / 100_000**0.5
  )


def test_the_update_is_adam_of_keras():
  program = _program()
  gradients = {
    name: tf.constant(
      np.random.default_rng(1).normal(size=value.shape), tf.float32
    )
    for name, value in program._params.items()
  }
  params, first, second, _ = program._state
  variables = {k: keras.Variable(v) for k, v in params.items() if k != 'prior'}
  adam = keras.optimizers.Adam(_CASE.learning_rate)
  for step in range(1, 4):
    params, first, second, _ = program._update(
      params, first, second, tf.constant(step), gradients
    )
    adam.apply(
      [gradients[name] for name in variables], list(variables.values())
    )
  for name, variable in variables.items():
    np.testing.assert_allclose(params[name], variable.value, atol=1e-6)
  rate = _CASE.prior_learning_rate
  np.testing.assert_allclose(
    params['prior'], -3 * rate * gradients['prior'].numpy(), rtol=1e-5
  )


def test_training_continues_where_it_stopped():
  whole, parts = _program(), _program()
  indices = whole.order.take(6, _CASE.batch_size)
  whole.execute(indices)
  for part in (indices[:3], indices[3:]):
    parts.execute(part)
  for name, value in whole._state[0].items():
    np.testing.assert_allclose(value, parts._state[0][name], atol=1e-6)


def test_training_raises_the_bound_and_ends_a_lap_per_execution():
  program, laps = _program(), clock.Laps()
  first = program.train(1, laps)
  assert program.train(60, laps) > first + 0.2
  assert len(laps.laps) == 61
  assert first == pytest.approx(-9 * np.log(2), abs=2)
