"""Trains a latent variable model: resumable, measured, drawn."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import os
import pathlib
from typing import Any

import keras
import tensorflow as tf

from experiments.data import batches
from experiments.data import datasets
from experiments.runs import callbacks
from experiments.runs import directory as run_directory_lib
from experiments.runs import progress as progress_lib
from experiments.runs import settings as run_settings
from tf_mco import diagnostics
from tf_mco import evaluation
from tf_mco import models

# Returns the compiled and built model of a run.
MakeModel = Callable[[Any, datasets.Images], models.LatentVariableModel]


class Run:
  """One run in one directory; the same settings take it up again."""

  def __init__(
    self,
    settings: Any,
    path: str | os.PathLike,
    images: datasets.Images,
    *,
    make_model: MakeModel,
  ):
    """Opens the directory and restores its last checkpoint, if there is one.

    Args:
      settings: of the run, a `RunSettings`.
      path: its directory.
      images: the data set that the settings name.
      make_model: the experiment's.
    Raises:
      ValueError: if the directory holds a run of another configuration.
    """
    self.settings: run_settings.RunSettings = settings
    self.images = images
    self.directory = run_directory_lib.RunDirectory.open(
      path, dataclasses.asdict(settings)
    )
    self.model = make_model(settings, images)
    self.variance = (
      diagnostics.GradientVariance() if settings.track_variance else None
    )
    self._manager = self._checkpoint_manager()
    self.first_step = self._restore()

  @property
  def path(self) -> pathlib.Path:
    """The directory."""
    return self.directory.path

  def _checkpoint_manager(self) -> tf.train.CheckpointManager:
    parts = {'model': self.model, 'optimizer': self.model.optimizer}
    if self.variance is not None:
      self.variance.set_model(self.model)
      parts['variance'] = self.variance.state
    return tf.train.CheckpointManager(
      tf.train.Checkpoint(**parts),
      str(self.path / 'checkpoints'),
      max_to_keep=2,
    )

  def _restore(self) -> int:
    latest = self._manager.latest_checkpoint
    if latest:
      restored = self._manager.checkpoint.restore(latest)
      try:
        restored.assert_existing_objects_matched()
      except AssertionError as error:
        raise ValueError(
          f'Expected a checkpoint with a value for every variable. Received: '
          f'{latest}, which another version of the code may have written; '
          'another --output_dir trains anew'
        ) from error
    step = int(self.model.objective.step)
    self.directory.truncate(step)
    return step

  def train(self) -> float | None:
    """Trains to the last step; every evaluation leaves a checkpoint.

    Returns:
      Steps per second without evaluation and compilation; None if there was
      too little left to train for a measurement.
    """
    settings, first = self.settings, self.first_step
    if first >= settings.steps:
      return None
    stopwatch = callbacks.Stopwatch(settings.steps_per_execution)
    progress = progress_lib.Progress(settings.steps, first)
    report = callbacks.Report(
      self._validate(), self.directory, self._manager, progress
    )
    try:
      self.model.fit(
        self._batches(
          batch_size=settings.batch_size,
          seed=settings.seed,
          first_step=first,
          num_steps=settings.steps - first,
        ),
        epochs=settings.steps // settings.eval_every,
        initial_epoch=first // settings.eval_every,
        steps_per_epoch=settings.eval_every,
        callbacks=[stopwatch, progress, *self._observers(progress), report],
        shuffle=False,  # the data set is in its order already
        verbose=0,
      )
    finally:
      progress.close()
      self.directory.close()
    return stopwatch.steps_per_second

  def _batches(self, **schedule: int) -> tf.data.Dataset:
    """Returns the batches of a schedule; see `batches.training_batches`."""
    return batches.training_batches(self.images.train, **schedule)

  def _observers(
    self, progress: progress_lib.Progress
  ) -> list[keras.callbacks.Callback]:
    """Returns callbacks that may add to the metrics of an epoch."""
    del progress
    return [] if self.variance is None else [self.variance]

  def _validate(self) -> Any:
    settings = self.settings
    evaluator = evaluation.Evaluator(
      self.model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
    )
    x = self.images.valid[: settings.eval_examples]
    return lambda: float(evaluator(x, seed=settings.seed).mean())
