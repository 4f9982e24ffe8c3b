"""One run: trains the model of an experiment, in a directory of its own."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Generic

import keras
import tensorflow as tf

from experiments.framework import best_model
from experiments.framework import callbacks
from experiments.framework import directory as run_directory
from experiments.framework import progress as progress_lib
from experiments.framework import recipe as recipe_lib
from tf_mco import diagnostics


class Run(Generic[recipe_lib.SettingsT, recipe_lib.DataT]):
  """One run in one directory; the same settings take it up again.

  Attributes:
    settings: of the run.
    data: what the model is trained on, validated and measured by.
    directory: of the run.
    model: at the step of the last checkpoint, until `train` goes on.
    variance: the callback that estimates the gradient's variance, or None.
    best: the best model so far, if the experiment stops early.
    first_step: the steps that were trained before.
  """

  def __init__(
    self,
    recipe: recipe_lib.Recipe[recipe_lib.SettingsT, recipe_lib.DataT],
    settings: recipe_lib.SettingsT,
    path: str | os.PathLike,
    data: recipe_lib.DataT,
  ):
    """Opens the directory and restores its last checkpoint, if there is one.

    Args:
      recipe: the experiment.
      settings: of the run.
      path: the directory of the run.
      data: the data set that the settings name.
    Raises:
      ValueError: if the directory holds a run of another configuration.
    """
    self._recipe = recipe
    self.settings = settings
    self.data = data
    self.directory = run_directory.RunDirectory.open(
      path, dataclasses.asdict(settings)
    )
    self.model = recipe.make_model(settings, data)
    self.variance = (
      diagnostics.GradientVariance() if settings.track_variance else None
    )
    self._manager = self._checkpoint_manager()
    self.first_step = self._restore()
    self.best: best_model.BestModel | None = None
    patience = recipe.patience(settings)
    if patience is not None:
      self.best = best_model.BestModel(self.model, self.path, patience)

  @property
  def path(self) -> pathlib.Path:
    """The directory."""
    return self.directory.path

  @property
  def over(self) -> bool:
    """True if there is nothing left to train."""
    if self.best is not None and self.best.patience.over:
      return True
    return self.first_step >= self.settings.steps

  def train(self) -> float | None:
    """Trains to the end; every evaluation leaves a checkpoint.

    Returns:
      Steps per second without evaluation and compilation; None if there was
      too little left to train for a measurement.
    """
    if self.over:
      return None
    settings, first = self.settings, self.first_step
    stopwatch = callbacks.Stopwatch(settings.steps_per_execution)
    progress = progress_lib.Progress(settings.steps, first)
    schedule = recipe_lib.Schedule(
      batch_size=settings.batch_size,
      seed=settings.seed,
      first_step=first,
      num_steps=settings.steps - first,
    )
    try:
      self.model.fit(
        **self._recipe.training_data(self.data, schedule),
        epochs=settings.steps // settings.eval_every,
        initial_epoch=first // settings.eval_every,
        steps_per_epoch=settings.eval_every,
        callbacks=[stopwatch, progress, *self._observers(progress)],
        verbose=0,
      )
    finally:
      progress.close()
      self.directory.close()
    return stopwatch.steps_per_second

  def _observers(
    self, progress: progress_lib.Progress
  ) -> list[keras.callbacks.Callback]:
    """Returns the callbacks of an epoch's end, in the order of their work."""
    epoch_end = callbacks.EpochEnd(
      self._recipe.make_evaluation(self.model, self.settings, self.data),
      self.directory,
      self._manager,
      progress,
      self.best,
    )
    return [epoch_end] if self.variance is None else [self.variance, epoch_end]

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
    """Restores the last checkpoint; returns the steps that it stands for."""
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
    step = int(self.model.step)
    self.directory.truncate(step)
    return step
