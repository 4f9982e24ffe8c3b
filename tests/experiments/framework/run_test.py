"""A run that was killed, or met a fault, goes on as if nothing had been."""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import pytest
import tensorflow as tf

from experiments.binary import experiment as binary_experiment
from experiments.data import datasets
from experiments.framework import run as run_lib
from tests.experiments import states

_FLAGS = {
  'steps': 60,
  'eval_every': 20,
  'eval_samples': 5,
  'eval_examples': 20,
  'units': 4,
  'jit_compile': False,
}


def _open(
  path: pathlib.Path, digits: datasets.Images, **flags: Any
) -> run_lib.Run:
  experiment = binary_experiment.EXPERIMENT
  settings = experiment.make_settings('digits', {**_FLAGS, **flags})
  return experiment.open(settings, path, digits)


class _Kill(keras.callbacks.Callback):
  """Stops training as a signal would, in the middle of an epoch."""

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    if int(self.model.step) >= 30:
      raise KeyboardInterrupt


def test_a_killed_run_ends_as_an_uninterrupted_one(
  digits, tmp_path, monkeypatch
) -> None:
  # The variance has a state of its own, in the checkpoints.
  whole = _open(tmp_path / 'whole', digits, track_variance=True)
  whole.train()
  killed = _open(tmp_path / 'killed', digits, track_variance=True)
  # Executions of 10 steps, so that the kill falls inside an epoch.
  with monkeypatch.context() as patch:
    patch.setattr(run_lib.callbacks, 'Stopwatch', lambda steps: _Kill())
    killed.model.steps_per_execution = 10
    with pytest.raises(KeyboardInterrupt):
      killed.train()
  assert int(killed.model.step) == 30
  again = _open(tmp_path / 'killed', digits, track_variance=True)
  assert again.first_step == 20
  again.train()
  states.assert_same_run(whole, again)


def test_a_bound_that_is_not_finite_keeps_the_last_good_checkpoint(
  digits, tmp_path
) -> None:
  run = _open(tmp_path, digits)
  run.model.optimizer.by_group['decoder'].learning_rate = 1e38
  with pytest.raises(ValueError, match='training step [0-9]+ is not finite'):
    run.train()
  assert _open(tmp_path, digits).first_step == 0


def test_a_checkpoint_of_other_variables_is_refused(digits, tmp_path) -> None:
  _open(tmp_path, digits)
  tf.train.CheckpointManager(
    tf.train.Checkpoint(other=tf.Variable(1)),
    str(tmp_path / 'checkpoints'),
    max_to_keep=1,
  ).save()
  with pytest.raises(ValueError, match='every variable.*another version'):
    _open(tmp_path, digits)


def test_a_run_with_all_its_steps_is_over(digits, tmp_path) -> None:
  run = _open(tmp_path, digits, steps=20)
  assert not run.over
  run.train()
  again = _open(tmp_path, digits, steps=20)
  assert again.over
  assert again.train() is None
