"""Callbacks of a run: its clock, its checkpoints and its metrics."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any

import keras
import tensorflow as tf

from experiments.runs import directory as run_directory_lib
from experiments.runs import progress as progress_lib


class Stopwatch(keras.callbacks.Callback):
  """Steps per second of training, without evaluation and compilation."""

  def __init__(self, steps_per_execution: int):
    super().__init__()
    self._steps = steps_per_execution
    self._last: float | None = None
    self._compiled = False
    self.seconds = 0.0
    self.counted = 0

  @property
  def steps_per_second(self) -> float | None:
    """None before the second execution."""
    return self.counted / self.seconds if self.seconds else None

  def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
    """Starts the clock."""
    del epoch, logs
    self._last = time.perf_counter()

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    """Counts an execution, but for the first, which compiles."""
    del batch, logs
    now = time.perf_counter()
    if self._compiled and self._last is not None:
      self.seconds += now - self._last
      self.counted += self._steps
    self._compiled = True
    self._last = now


class Report(keras.callbacks.Callback):
  """Evaluates and logs after each epoch, then saves the checkpoint.

  In this order, so that a run that is killed in between repeats the line.
  """

  def __init__(
    self,
    evaluate: Callable[[], float],
    directory: run_directory_lib.RunDirectory,
    manager: tf.train.CheckpointManager,
    progress: progress_lib.Progress,
  ):
    super().__init__()
    self._evaluate = evaluate
    self._directory = directory
    self._manager = manager
    self._progress = progress

  def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
    """Writes one line of metrics and one checkpoint."""
    del epoch
    step = int(self.model.objective.step)
    scalars = {
      name.replace('/', '_'): float(value)
      for name, value in (logs or {}).items()
      if name not in ('loss', 'bound')
    }
    train, valid = float(logs['bound']), self._evaluate()
    self._directory.log(
      step,
      train_bound=train,
      valid_bound=valid,
      **scalars,
    )
    self._manager.save(checkpoint_number=step)
    self._progress.write(
      f'step {step:,}: train {train:.2f}, validation {valid:.2f} nats'
    )
