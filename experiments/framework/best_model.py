"""Early stopping: the best model so far, and how long it has been the best."""

from __future__ import annotations

import dataclasses
import math
import pathlib

import tensorflow as tf

from experiments.framework import directory as run_directory
from tf_mco import models

_FOLDER = 'best'


@dataclasses.dataclass
class Patience:
  """Counts the evaluations that were no better than the best one."""

  limit: int
  best: float = -math.inf
  best_step: int = 0
  waited: int = 0

  @property
  def over(self) -> bool:
    """True if training is to stop."""
    return self.waited >= self.limit

  def update(self, step: int, bound: float) -> bool:
    """Counts one evaluation; returns whether it is the best so far."""
    if bound > self.best:
      self.best, self.best_step, self.waited = bound, step, 0
      return True
    self.waited += 1
    return False


class BestModel:
  """Keeps the parameters that validated best, in a directory of the run.

  All that early stopping knows follows from the metrics of the run, so that a
  run that is taken up again stops where an uninterrupted one does.

  Attributes:
    patience: the count of evaluations.
  """

  def __init__(
    self, model: models.LatentVariableModel, path: pathlib.Path, limit: int
  ):
    """Counts the evaluations that the metrics of a run already hold.

    Args:
      model: the model that the run trains.
      path: the directory of the run.
      limit: the number of evaluations without a better one that ends the
        training.
    """
    self._path = path
    self._manager = tf.train.CheckpointManager(
      tf.train.Checkpoint(model=model), str(path / _FOLDER), max_to_keep=1
    )
    self.patience = Patience(limit)
    for line in run_directory.read_metrics(path):
      self.patience.update(line['step'], line['valid_bound'])

  def update(self, step: int, bound: float) -> None:
    """Counts an evaluation, and keeps the model if it is the best so far."""
    if self.patience.update(step, bound):
      self._manager.save(checkpoint_number=step)

  def restore(self) -> None:
    """Gives the model the parameters that validated best.

    Raises:
      ValueError: if no model was evaluated.
    """
    latest = self._manager.latest_checkpoint
    if latest is None:
      raise ValueError(f'{self._path} holds no evaluated model.')
    self._manager.checkpoint.restore(latest).assert_existing_objects_matched()
