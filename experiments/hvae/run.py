"""A run of the Hamiltonian VAE, which stops early and keeps its best."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import math
from typing import Any, cast

import keras
import tensorflow as tf

from experiments.data import datasets
from experiments.hvae import measures as hvae_measures
from experiments.hvae import model as hvae_model
from experiments.hvae import settings as hvae_settings
from experiments.runs import directory as run_directory
from experiments.runs import progress as progress_lib
from experiments.runs import training


@dataclasses.dataclass
class Patience:
  """Counts evaluations that were no better than the best one."""

  limit: int
  best: float = -math.inf
  best_step: int = 0
  waited: int = 0

  @property
  def over(self) -> bool:
    """Whether training is to stop."""
    return self.waited >= self.limit

  def update(self, step: int, bound: float) -> bool:
    """Counts one evaluation; returns whether it is the best so far."""
    if bound > self.best:
      self.best, self.best_step, self.waited = bound, step, 0
      return True
    self.waited += 1
    return False


class Run(training.Run):
  """One run in one directory; the same settings take it up again.

  The best model by the ELBO of the validation images, which are binarized once,
  is in the directory `best`. What early stopping knows follows from the
  metrics, so that a resumed run stops where an uninterrupted one does.
  """

  def __init__(
    self,
    settings: hvae_settings.Settings,
    path: Any,
    images: datasets.Images,
  ):
    """Opens the directory; see `training.Run`."""
    super().__init__(
      settings,
      path,
      hvae_model.prepared(images, settings.seed),
      make_model=hvae_model.make,
    )
    self._bounds = hvae_measures.Elbo(
      self.model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
    )
    self._best = tf.train.CheckpointManager(
      tf.train.Checkpoint(model=self.model),
      str(self.path / 'best'),
      max_to_keep=1,
    )
    self.patience = Patience(settings.patience)
    for line in run_directory.read_metrics(self.path):
      self.patience.update(line['step'], line['valid_bound'])
    self._valid_bound = 0.0

  def train(self) -> float | None:
    """Trains to the last step, or until patience is over."""
    return None if self.patience.over else super().train()

  def restore_best(self) -> None:
    """Gives the model the parameters that validated best."""
    latest = self._best.latest_checkpoint
    if latest is None:
      raise ValueError(f'{self.path} holds no evaluated model.')
    self._best.checkpoint.restore(latest).assert_existing_objects_matched()

  def _observers(
    self, progress: progress_lib.Progress
  ) -> list[keras.callbacks.Callback]:
    return [*super()._observers(progress), _EarlyStopping(self._evaluate)]

  def _evaluate(self) -> tuple[dict[str, float], bool]:
    """Returns metrics of an epoch, and whether to stop."""
    settings = cast(hvae_settings.Settings, self.settings)
    x = self.images.valid[: settings.eval_examples]
    bounds = self._bounds(x, batch_size=settings.batch_size, seed=settings.seed)
    self._valid_bound = float(bounds.mean())
    step = int(self.model.objective.step)
    if self.patience.update(step, self._valid_bound):
      self._best.save(checkpoint_number=step)
    return hvae_measures.dynamics(self.model), self.patience.over

  def _validate(self) -> Callable[[], float]:
    return lambda: self._valid_bound  # of the epoch's `_evaluate`


class _EarlyStopping(keras.callbacks.Callback):
  """Evaluates before the epoch is logged, and stops after that."""

  def __init__(self, evaluate: Callable[[], tuple[dict[str, float], bool]]):
    super().__init__()
    self._evaluate = evaluate

  def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
    """Adds to the metrics; the callbacks behind this one still run."""
    del epoch
    found, stop = self._evaluate()
    logs.update(found)
    if stop:
      self.model.stop_training = True
