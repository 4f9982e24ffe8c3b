"""A run of latent Dirichlet allocation, measured by its perplexity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from experiments.data import corpora
from experiments.runs import progress as progress_lib
from experiments.runs import training
from experiments.topics import batches as topic_batches
from experiments.topics import measures as topic_measures
from experiments.topics import model as topic_model
from experiments.topics import settings as topic_settings


class Run(training.Run):
  """One run in one directory; the same settings take it up again."""

  def __init__(
    self, settings: topic_settings.Settings, path: Any, corpus: corpora.Corpus
  ):
    """Opens the directory; see `training.Run`."""
    super().__init__(
      settings, path, cast(Any, corpus), make_model=cast(Any, topic_model.make)
    )
    self.corpus = corpus
    self.evaluator = topic_measures.Evaluator(
      self.model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
    )
    self._valid_bound = 0.0

  def perplexity(self, documents: Any) -> tuple[float, np.ndarray]:
    """Returns the perplexity of documents, and the bound of each in nats."""
    bounds, _ = self.evaluator(documents, seed=self.settings.seed)
    words = corpora.word_counts(documents)
    return topic_measures.perplexity(bounds, words), bounds

  def _batches(self, **schedule: int) -> tf.data.Dataset:
    return topic_batches.training_batches(self.corpus.train, **schedule)

  def _observers(
    self, progress: progress_lib.Progress
  ) -> list[keras.callbacks.Callback]:
    measure = _Perplexity(self._measure, progress)
    return [*super()._observers(progress), measure]

  def _measure(self) -> dict[str, float]:
    first = self.settings.eval_examples
    train, _ = self.perplexity(self.corpus.train[:first])
    valid, bounds = self.perplexity(self.corpus.valid[:first])
    self._valid_bound = float(bounds.mean())
    prior = topic_model.prior_of(self.model)
    return {
      'train_perplexity': train,
      'valid_perplexity': valid,
      'prior_concentration': float(prior.mean()),
    }

  def _validate(self) -> Callable[[], float]:
    return lambda: self._valid_bound  # of the epoch's `_measure`


class _Perplexity(keras.callbacks.Callback):
  """Adds to the metrics of an epoch, before they are logged."""

  def __init__(
    self,
    measure: Callable[[], dict[str, float]],
    progress: progress_lib.Progress,
  ):
    super().__init__()
    self._measure = measure
    self._progress = progress

  def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
    """Measures, prints and adds the perplexities."""
    del epoch
    found = self._measure()
    logs.update(found)
    self._progress.write(
      f'perplexity: train {found["train_perplexity"]:.1f}, '
      f'validation {found["valid_perplexity"]:.1f}'
    )
