"""Tests of `fit` on arrays: the same training in every mode, cut anywhere."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import diagnostics
from tf_mco.models.array_training import fitting

_JIT = {'jit_compile': True}
_GROUPS = {'encoder': 'adam', 'decoder': 'adam', 'prior': 'sgd'}


def _model(optimizer: Any = 'adam', **options: Any) -> keras.Model:
  model = tiny.model('reinforce', dtype='float64')
  model.compile(optimizer, **options)
  model.optimizer.build(model.trainable_variables)
  return model


class _Executions(keras.callbacks.Callback):
  """Notes the step of the model after each execution."""

  def __init__(self) -> None:
    super().__init__()
    self.steps: list[int] = []

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    del batch, logs
    self.steps.append(int(self.model.step))


def _fit(model: keras.Model, num: int = 22, **options: Any) -> Any:
  arguments = {'batch_size': 4, 'epochs': 2, 'verbose': 0} | options
  return model.fit(tiny.images(num), **arguments).history


@pytest.mark.parametrize(
  ('optimizer', 'steps_per_epoch', 'shuffle'),
  [('adam', None, True), (_GROUPS, 9, True), ('adam', None, False)],
  ids=['passes', 'groups', 'in_order'],
)
def test_every_mode_is_the_same_training(
  optimizer: Any, steps_per_epoch: int | None, shuffle: bool
) -> None:
  options = {'steps_per_epoch': steps_per_epoch, 'shuffle': shuffle}
  modes = [
    {'jit_compile': False},
    {'jit_compile': True, 'steps_per_execution': 4},
  ]
  models = [_model(optimizer, **mode) for mode in modes]
  histories = [_fit(model, **options) for model in models]
  for model, history in zip(models[1:], histories[1:], strict=True):
    assert int(model.step) == 2 * (steps_per_epoch or 6)
    for ours, theirs in zip(
      tiny.state(model), tiny.state(models[0]), strict=True
    ):
      np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    for name, values in histories[0].items():
      np.testing.assert_allclose(history[name], values, rtol=1e-9)


def test_a_batch_is_never_larger_than_the_array() -> None:
  models = [_model(**_JIT), _model(jit_compile=False)]
  for model in models:
    _fit(model, num=3, batch_size=100)
    assert int(model.step) == 2
  np.testing.assert_allclose(*map(tiny.trained_values, models), rtol=1e-9)


@pytest.mark.parametrize('length', ['auto', 2])
def test_a_run_may_be_cut_anywhere(length: Any) -> None:
  options = _JIT | {'steps_per_execution': length}
  whole, resumed = _model(**options), _model(**options)
  _fit(whole, epochs=1, steps_per_epoch=9)
  for steps in (1, 3, 5):
    _fit(resumed, epochs=1, steps_per_epoch=steps)
  tiny.assert_same_state(whole, resumed)


def test_epochs_continue_bit_for_bit() -> None:
  options = _JIT | {'steps_per_execution': 4}
  whole, resumed = _model(**options), _model(**options)
  _fit(whole, epochs=3)
  _fit(resumed, epochs=1)
  _fit(resumed, epochs=3, initial_epoch=1)
  tiny.assert_same_state(whole, resumed)


def test_executions_end_with_the_epoch() -> None:
  seen = _Executions()
  _fit(_model(steps_per_execution=4, **_JIT), callbacks=[seen])
  assert seen.steps == [4, 6, 10, 12]


def test_streams_keep_their_path() -> None:
  seen = _Executions()
  model = _model(**_JIT)
  _fit(model)
  stream = tf.data.Dataset.from_tensor_slices(tiny.images(8)).batch(4)
  model.fit(stream, verbose=0, callbacks=[seen])
  assert seen.steps == [13, 14]
  model.train_on_batch(tiny.images(4))
  _fit(model, epochs=1)
  assert int(model.step) == 21
  assert model.steps_per_execution == 1


def test_an_observer_sees_every_step() -> None:
  histories = [
    _fit(model, callbacks=[diagnostics.GradientVariance()])
    for model in (_model(**_JIT), _model(jit_compile=False))
  ]
  assert 'gradient_variance/encoder' in histories[0]
  for name, values in histories[0].items():
    np.testing.assert_allclose(values, histories[1][name], rtol=1e-6)


def test_validation_split_takes_the_last_examples() -> None:
  x = tiny.images(20)
  split, given = _model(jit_compile=False), _model(jit_compile=False)
  first = split.fit(x, batch_size=4, validation_split=0.3, verbose=0).history
  second = given.fit(
    x[:14], batch_size=4, validation_data=x[14:], verbose=0
  ).history
  assert first == second
  tiny.assert_same_state(split, given)


@pytest.mark.parametrize('share', [0.999, -0.5, 1.0])
def test_a_split_leaves_examples(share: float) -> None:
  with pytest.raises(ValueError, match='must leave examples'):
    _model(**_JIT).fit(tiny.images(4), validation_split=share, verbose=0)


def test_targets_are_as_many_as_observations() -> None:
  model = _model(run_eagerly=True)
  model.fit(tiny.images(4), np.zeros(4), verbose=0)
  with pytest.raises(ValueError, match='Received: 3 targets for 4'):
    model.fit(tiny.images(4), np.zeros(3), verbose=0)


def test_a_file_larger_than_memory_is_a_stream(tmp_path: Any) -> None:
  images = np.memmap(
    tmp_path / 'images', np.uint8, 'w+', shape=(8, tiny.PIXELS)
  )
  images[:] = tiny.images(8)
  assert not fitting.serves(images)
  model = _model(**_JIT)
  model.fit(images, batch_size=4, verbose=0)
  assert int(model.step) == 2
