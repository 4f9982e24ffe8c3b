"""Perplexity, the weights of topics, and how well known ones are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
import scipy.sparse
import tensorflow as tf

from experiments.data import corpora
from experiments.topics import batches as topic_batches
import tf_mco
from tf_mco import random

_BATCH = 200


def perplexity(bounds: Any, word_counts: Any) -> float:
  """Returns exp of the mean over documents of -bound / number of words.

  A mean over documents, not the corpus' total over its words.

  Args:
    bounds: `[N]`, of log p(document), nats.
    word_counts: `[N]`, the words of each document.
  Raises:
    ValueError: for other shapes, and for a document without words.
  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """
  bounds = np.asarray(bounds, np.float64)
  word_counts = np.asarray(word_counts, np.float64)
  if bounds.shape != word_counts.shape or bounds.ndim != 1 or not bounds.size:
    raise ValueError(
      '`bounds` and `word_counts` must have the same shape [N]. Received: '
      f'{bounds.shape} and {word_counts.shape}'
    )
  empty = int(np.sum(~(word_counts > 0)))
  if empty:
    raise ValueError(
      f'Every document must have a word. Received: {empty} without'
    )
  return float(np.exp(-np.mean(bounds / word_counts)))


def unigram_perplexity(
  train: scipy.sparse.csr_matrix, test: scipy.sparse.csr_matrix
) -> float:
  """Returns that of one distribution for all words, counted in `train`.

  Every word is counted once more than it occurs.
  """
  counts = np.asarray(train.sum(axis=0)).reshape(-1) + 1
  log_probs = np.log(counts / counts.sum())
  return perplexity(test @ log_probs, corpora.word_counts(test))


class Evaluator:
  """The ELBO of each document, and its mean proportions; compiled once.

  Args:
    model: of topics.
    num_samples: averaged in the expected log-likelihood; the divergence is in
      closed form.
    jit_compile: whether XLA compiles it.
  """

  def __init__(self, model: Any, *, num_samples: int, jit_compile: bool = True):
    # Its value is the bound's for any posterior; no gradient is taken.
    estimator = tf_mco.get_estimator('reinforce', num_samples=num_samples)

    @tf.function(jit_compile=jit_compile)
    def step(batch: tf.Tensor, seed: tf.Tensor) -> tuple:
      surrogate = model.objective.surrogate(
        batch, estimator=estimator, seed=seed
      )
      return surrogate.bound, model.encode(batch)

    self._step = step

  def __call__(
    self, documents: scipy.sparse.csr_matrix, *, seed: int
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns bounds `[N]` in nats, and means of q `[N, topics]`."""
    found = [
      self._step(tf.constant(batch), random.fold_in(seed, index))
      for index, batch in enumerate(
        topic_batches.evaluation_batches(documents, _BATCH)
      )
    ]
    bounds, means = (np.concatenate(part) for part in zip(*found, strict=True))
    total = documents.shape[0]
    return bounds[:total], means[:total]


class Match(NamedTuple):
  """Known topics, each beside another one of those that were found."""

  found: np.ndarray  # int `[T]`, the index found for each known topic
  distance: np.ndarray  # `[T]`, total variation, 0 (equal) to 1
  cosine: np.ndarray  # `[T]`


def match(found: np.ndarray, known: np.ndarray) -> Match:
  """Returns the assignment of least total variation distance.

  Args:
    found: `[S, V]`, S >= T, rows of sum 1.
    known: `[T, V]`, rows of sum 1.
  Raises:
    ValueError: for fewer found than known topics, or other words.
  """
  if found.shape[1] != known.shape[1] or len(found) < len(known):
    raise ValueError(
      'Expected at least as many topics found as known, of the same words. '
      f'Received: {found.shape} and {known.shape}'
    )
  distances = np.stack([np.abs(found - row).sum(-1) / 2 for row in known])
  rows, columns = scipy.optimize.linear_sum_assignment(distances)
  chosen = found[columns]
  lengths = np.linalg.norm(chosen, axis=1) * np.linalg.norm(known, axis=1)
  cosine = (chosen * known).sum(-1) / lengths
  return Match(columns, distances[rows, columns], cosine)


def top_words(
  topic: np.ndarray, vocabulary: Sequence[str], number: int = 10
) -> list[str]:
  """Returns the words of a topic `[V]`, the most probable first."""
  order = np.argsort(-topic, kind='stable')[:number]
  return [vocabulary[index] for index in order]
