"""Pictures of a topic model: perplexities, words of topics, known topics."""

from __future__ import annotations

import math
import pathlib

import numpy as np

from experiments.data import corpora
from experiments.figures import plots
from experiments.figures import style
from experiments.framework import directory as run_directory
from experiments.topic_model import measures as topic_measures
from experiments.topic_model import model as topic_model
from tf_mco import models

_PANELS, _COLUMNS, _WORDS = 12, 4, 8
_ZOOM = 4


def plot(
  model: models.LatentVariableModel, corpus: corpora.Corpus, path: pathlib.Path
) -> None:
  """Writes learning_curve.png, topics.png and, of known topics, recovery.png.

  Args:
    model: the trained topic model.
    corpus: the documents that the model was trained on.
    path: the directory of the run, with its metrics.
  """
  metrics = run_directory.read_metrics(path)
  steps = [line['step'] for line in metrics]
  curves = {
    f'{label} (last: {metrics[-1][name]:.1f})': (
      steps,
      [line[name] for line in metrics],
    )
    for label, name in (
      ('training', 'train_perplexity'),
      ('validation', 'valid_perplexity'),
    )
  }
  plots.lines(
    curves,
    path / 'learning_curve.png',
    xlabel='training step',
    ylabel='perplexity per word',
    title=corpus.name,
  )
  topics = topic_model.topics_of(model)
  weights = topic_model.prior_of(model)
  order = np.argsort(-weights, kind='stable')[:_PANELS]
  plot_top_words(topics[order], corpus, path / 'topics.png')
  if corpus.topics is not None and len(topics) >= len(corpus.topics):
    plot_recovery(topics, corpus.topics, path / 'recovery.png')


def plot_top_words(
  topics: np.ndarray, corpus: corpora.Corpus, path: pathlib.Path
) -> None:
  """Draws the most probable words of each topic as bars.

  Args:
    topics: `[T, V]`.
    corpus: its vocabulary names the words.
    path: the PNG file.
  """
  columns = min(_COLUMNS, len(topics))
  rows = math.ceil(len(topics) / columns)
  figure = style.new_figure(2.4 * columns, 2.1 * rows)
  panels = figure.subplots(rows, columns, squeeze=False).reshape(-1)
  for axes, topic in zip(panels, topics, strict=False):
    words = topic_measures.top_words(topic, corpus.vocabulary, _WORDS)
    values = np.sort(topic)[::-1][: len(words)]
    axes.barh(words, values, color='#0072B2')
    axes.invert_yaxis()
    axes.tick_params(length=0, labelsize=8)
    axes.spines[['top', 'right']].set_visible(False)
  for axes in panels[len(topics) :]:
    axes.set_visible(False)
  figure.supxlabel('probability of the word in the topic')
  style.save(figure, path)


def plot_recovery(
  topics: np.ndarray, known: np.ndarray, path: pathlib.Path
) -> None:
  """Draws known topics above the learned topics that are matched to them.

  Each topic is an image of the probabilities of its words. The image is a
  square if the number of words is a square number.

  Args:
    topics: `[S, V]`, learned.
    known: `[T, V]`, T <= S.
    path: the PNG file.
  """
  matched = topics[topic_measures.match(topics, known).learned]
  side = math.isqrt(known.shape[1])
  shape = (side, side) if side**2 == known.shape[1] else (1, known.shape[1])

  def images(rows: np.ndarray) -> np.ndarray:
    scaled = rows / known.max(axis=1, keepdims=True)
    tiles = np.clip(scaled, 0, 1).reshape(-1, *shape)
    return tiles.repeat(_ZOOM, axis=1).repeat(_ZOOM, axis=2)

  plots.reconstructions(images(known), images(matched), path)
