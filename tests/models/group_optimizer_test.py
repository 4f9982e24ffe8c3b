"""Tests of one optimizer per group of parameters."""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

from tests.support import tiny
from tf_mco import models

_GROUPS = ('encoder', 'decoder', 'prior')


def _compiled(optimizer: Any) -> models.LatentVariableModel:
  model = tiny.model(num_layers=2)
  model.compile(optimizer, run_eagerly=True)
  return model


def _train(model: keras.Model, **options: Any) -> dict[str, list]:
  x = tiny.images(8)
  return model.fit(x, batch_size=4, shuffle=False, verbose=0, **options).history


def _sgd(*rates: float, **options: Any) -> dict[str, Any]:
  rates = rates * (4 - len(rates)) if len(rates) == 1 else rates
  return {
    group: keras.optimizers.SGD(rate, **options)
    for group, rate in zip(_GROUPS, rates, strict=True)
  }


def _rates(optimizers: dict[str, Any]) -> list[float]:
  return [float(optimizers[group].learning_rate) for group in _GROUPS]


@pytest.mark.parametrize(
  'options',
  [
    {},
    {'momentum': 0.9, 'nesterov': True},
    {'use_ema': True, 'ema_momentum': 0.9},
    {'gradient_accumulation_steps': 2},
  ],
)
def test_equal_groups_do_what_one_optimizer_does(options: dict) -> None:
  one = _compiled(keras.optimizers.SGD(0.1, **options))
  groups = _compiled(_sgd(0.1, **options))
  for model in (one, groups):
    _train(model, epochs=2)
  np.testing.assert_array_equal(
    tiny.trained_values(groups), tiny.trained_values(one)
  )
  assert int(groups.optimizer.iterations) == 4


@pytest.mark.parametrize('moving', _GROUPS)
def test_only_the_named_group_moves(moving: str) -> None:
  rates = [0.1 if group == moving else 0.0 for group in _GROUPS]
  model = _compiled(_sgd(*rates))
  before = {
    group: [np.array(v) for v in variables]
    for group, variables in model.parameter_groups().items()
  }
  _train(model)
  for group, variables in model.parameter_groups().items():
    for old, new in zip(before[group], variables, strict=True):
      moved = np.abs(np.asarray(new) - old).max()
      assert (moved > 0) == (group == moving), new.path


@pytest.mark.parametrize(
  'optimizer',
  [
    'sgd',
    keras.optimizers.RMSprop(0.01),
    {'encoder': 'adam', 'decoder': keras.optimizers.Adam(0.01), 'prior': 'sgd'},
  ],
)
def test_every_way_to_name_an_optimizer_trains(optimizer: Any) -> None:
  model = _compiled(optimizer)
  groups = model.parameter_groups()
  before = {name: np.array(groups[name][-1]) for name in groups}  # biases
  _train(model)
  for name, variables in groups.items():
    assert np.all(np.asarray(variables[-1]) != before[name]), name


@pytest.mark.parametrize(
  ('groups', 'message'),
  [
    (('encoder', 'decoder'), 'must name every group.*prior'),
    ((*_GROUPS, 'critic'), 'keys out of.*critic'),
    ((), 'keys out of'),
  ],
)
def test_missing_and_unknown_groups(groups: tuple, message: str) -> None:
  with pytest.raises(ValueError, match=message):
    _train(_compiled(dict.fromkeys(groups, 'sgd')))


def test_a_group_without_trainable_variables_needs_no_optimizer() -> None:
  model = tiny.model()
  model.objective.prior.trainable = False
  logits = np.array(model.objective.prior.logits)
  model.compile({'encoder': 'sgd', 'decoder': 'sgd'}, run_eagerly=True)
  _train(model)
  np.testing.assert_array_equal(model.objective.prior.logits, logits)


def test_a_loss_scale_of_one_group_is_an_error_or_has_no_effect() -> None:
  plain = _compiled(_sgd(0.1))
  _train(plain)
  try:
    scaled = _compiled(_sgd(0.1, loss_scale_factor=1024.0))
  except ValueError as error:
    assert 'loss_scale_factor' in str(error)
  else:
    _train(scaled)
    np.testing.assert_allclose(
      tiny.trained_values(scaled), tiny.trained_values(plain), rtol=1e-5
    )


def test_learning_rate_is_the_first_and_scales_all() -> None:
  optimizers = _sgd(0.1, 0.2, 0.4)
  optimizer = _compiled(optimizers).optimizer
  assert float(optimizer.learning_rate) == pytest.approx(0.1)
  optimizer.learning_rate = 0.05
  assert _rates(optimizers) == pytest.approx([0.05, 0.1, 0.2])


def test_callbacks_change_the_rate_of_every_group() -> None:
  optimizers = _sgd(0.1, 0.2, 0.4)
  halve = keras.callbacks.LearningRateScheduler(lambda _, rate: rate / 2)
  _train(_compiled(optimizers), epochs=2, callbacks=[halve])
  assert _rates(optimizers) == pytest.approx([0.025, 0.05, 0.1])
  optimizers = _sgd(0.1, 0.2, 0.4)
  plateau = keras.callbacks.ReduceLROnPlateau(
    'bound', mode='max', min_delta=1e9, patience=1, factor=0.1
  )
  _train(_compiled(optimizers), epochs=2, callbacks=[plateau])
  assert _rates(optimizers) == pytest.approx([0.01, 0.02, 0.04])


def test_a_schedule_may_start_from_zero() -> None:
  optimizers = _sgd(0.0, 0.0, 0.0)
  warm_up = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 * epoch)
  _train(_compiled(optimizers), epochs=2, callbacks=[warm_up])
  assert _rates(optimizers) == pytest.approx([0.1] * 3)


@pytest.mark.parametrize('optimizer', ['adam', _sgd(0.1)])
def test_tensorboard(optimizer: Any, tmp_path: pathlib.Path) -> None:
  callback = keras.callbacks.TensorBoard(
    tmp_path, histogram_freq=1, update_freq=1
  )
  x = tiny.images(4)
  _train(_compiled(optimizer), validation_data=x, callbacks=[callback])
  assert {path.name for path in tmp_path.iterdir()} >= {'train', 'validation'}


@pytest.mark.parametrize('optimizer', [0.1, {'encoder': 'nonesuch'}])
def test_what_is_no_optimizer_is_an_error(optimizer: Any) -> None:
  with pytest.raises(ValueError):
    _compiled(optimizer)
