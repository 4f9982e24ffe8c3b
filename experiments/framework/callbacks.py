"""Callbacks of a run: its clock, its evaluation, metrics and checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import time
from typing import Any

import keras
import tensorflow as tf

from experiments.framework import best_model
from experiments.framework import directory as run_directory
from experiments.framework import progress as progress_lib
from experiments.framework import recipe

_Logs = Mapping[str, Any] | None


class Stopwatch(keras.callbacks.Callback):
  """Measures the steps per second of training.

  The time of evaluation and of compilation does not count.
  """

  def __init__(self, steps_per_execution: int):
    super().__init__()
    self._steps = steps_per_execution
    self._last: float | None = None
    self._compiled = False
    self.seconds = 0.0
    self.counted = 0

  @property
  def steps_per_second(self) -> float | None:
    """The rate so far; None before the second execution."""
    return self.counted / self.seconds if self.seconds else None

  def on_epoch_begin(self, epoch: int, logs: _Logs = None) -> None:
    """Starts the clock."""
    del epoch, logs
    self._last = time.perf_counter()

  def on_train_batch_end(self, batch: int, logs: _Logs = None) -> None:
    """Counts an execution, but for the first one, which compiles."""
    del batch, logs
    now = time.perf_counter()
    if self._compiled and self._last is not None:
      self.seconds += now - self._last
      self.counted += self._steps
    self._compiled = True
    self._last = now


class EpochEnd(keras.callbacks.Callback):
  """Evaluates and logs after each epoch, then saves the checkpoint.

  The log comes first, so that a run that is killed between the two repeats the
  line when it is taken up again.
  """

  def __init__(
    self,
    evaluate: Callable[[], recipe.Evaluation],
    directory: run_directory.RunDirectory,
    manager: tf.train.CheckpointManager,
    progress: progress_lib.Progress,
    best: best_model.BestModel | None,
  ):
    super().__init__()
    self._evaluate = evaluate
    self._directory = directory
    self._manager = manager
    self._progress = progress
    self._best = best

  def on_epoch_end(self, epoch: int, logs: _Logs = None) -> None:
    """Writes one line of metrics and one checkpoint; stops if it is time."""
    del epoch
    logs = logs or {}
    step = int(self.model.step)
    evaluation = self._evaluate()
    if self._best is not None:
      self._best.update(step, evaluation.bound)
    if evaluation.message:
      self._progress.write(evaluation.message)
    train, valid = float(logs['bound']), evaluation.bound
    scalars = {
      name.replace('/', '_'): float(value)
      for name, value in {**logs, **evaluation.metrics}.items()
      if name not in ('loss', 'bound')
    }
    self._directory.log(step, train_bound=train, valid_bound=valid, **scalars)
    self._manager.save(checkpoint_number=step)
    self._progress.write(
      f'step {step:,}: train {train:.2f}, validation {valid:.2f} nats'
    )
    if self._best is not None and self._best.patience.over:
      self.model.stop_training = True
