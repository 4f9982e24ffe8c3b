"""Perplexity of documents, words of topics, and recovery of known topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.sparse
import tensorflow as tf

from experiments.data import corpora
from experiments.topic_model import batches as topic_batches
import tf_mco
from tf_mco import models
from tf_mco import random

_BATCH = 200


def perplexity(bounds: npt.ArrayLike, word_counts: npt.ArrayLike) -> float:
  """Returns exp of the mean over documents of -bound / number of words.

  The mean is over documents. It is not the total bound of the corpus over its
  total number of words.

  Args:
    bounds: `[N]`, of log p(document), nats.
    word_counts: `[N]`, the words of each document.
  Raises:
    ValueError: for arrays of other shapes, and for a document without words.
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
  """Returns the perplexity of one distribution of words for all documents.

  The distribution is counted in `train`. Every word counts once more than it
  occurs, so that a word of the test documents alone has a probability.
  """
  counts = np.asarray(train.sum(axis=0)).reshape(-1) + 1
  log_probs = np.log(counts / counts.sum())
  return perplexity(test @ log_probs, corpora.word_counts(test))


class Evaluator:
  """Computes the ELBO of each document and its mean proportions of topics.

  Args:
    model: the topic model.
    num_samples: the samples that the expected log-likelihood averages; the
      divergence has a closed form.
    jit_compile: whether XLA compiles the computation, which happens once.
  """

  def __init__(
    self,
    model: models.LatentVariableModel,
    *,
    num_samples: int,
    jit_compile: bool = True,
  ):
    # Any estimator of a mean has the bound as its value. No gradient is taken.
    estimator = tf_mco.get_estimator('reinforce', num_samples=num_samples)

    @tf.function(jit_compile=jit_compile)
    def step(batch: tf.Tensor, seed: tf.Tensor) -> tuple:
      surrogate = model.surrogate(batch, estimator=estimator, seed=seed)
      return surrogate.bound, model.encode(batch)

    self._step = step

  def __call__(
    self, documents: scipy.sparse.csr_matrix, *, seed: int
  ) -> tuple[np.ndarray, np.ndarray]:
    """Returns bounds `[N]` in nats, and means of q `[N, topics]`."""
    batches = [
      self._step(tf.constant(batch), random.fold_in(seed, index))
      for index, batch in enumerate(
        topic_batches.evaluation_batches(documents, _BATCH)
      )
    ]
    bounds, means = (
      np.concatenate(part) for part in zip(*batches, strict=True)
    )
    total = documents.shape[0]
    return bounds[:total], means[:total]


class Match(NamedTuple):
  """The assignment of a learned topic to each known topic.

  No learned topic is assigned twice.
  """

  learned: np.ndarray  # int `[T]`, the index of the learned topic
  distance: np.ndarray  # `[T]`, total variation, 0 (equal) to 1
  cosine: np.ndarray  # `[T]`


def match(learned: np.ndarray, known: np.ndarray) -> Match:
  """Returns the assignment of least total variation distance.

  Args:
    learned: `[S, V]`, S >= T, rows of sum 1.
    known: `[T, V]`, rows of sum 1.
  Raises:
    ValueError: for fewer learned than known topics, or topics of other words.
  """
  if learned.shape[1] != known.shape[1] or len(learned) < len(known):
    raise ValueError(
      'Expected at least as many topics found as known, of the same words. '
      f'Received: {learned.shape} and {known.shape}'
    )
  distances = np.stack([np.abs(learned - row).sum(-1) / 2 for row in known])
  rows, columns = scipy.optimize.linear_sum_assignment(distances)
  chosen = learned[columns]
  lengths = np.linalg.norm(chosen, axis=1) * np.linalg.norm(known, axis=1)
  cosine = (chosen * known).sum(-1) / lengths
  return Match(columns, distances[rows, columns], cosine)


def top_words(
  topic: np.ndarray, vocabulary: Sequence[str], number: int = 10
) -> list[str]:
  """Returns the words of a topic `[V]`, the most probable word first."""
  order = np.argsort(-topic, kind='stable')[:number]
  return [vocabulary[index] for index in order]
