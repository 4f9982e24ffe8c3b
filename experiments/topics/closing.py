"""Closing figures, words and table of a run of a topic model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import tabulate

from experiments.topics import measures as topic_measures
from experiments.topics import model as topic_model
from experiments.topics import run as topic_run
from experiments.topics import settings as topic_settings

_WORDS = 10
_SHOWN = 8


def measure(run: topic_run.Run) -> dict[str, Any]:
  """Returns the closing figures at the present parameters.

  `test_perplexity` is exp(mean over documents of -ELBO / words) with
  `eval_samples` samples, of all test documents; `unigram_perplexity` what one
  distribution for all of them reaches. Of known topics, `recovery_distance` is
  the mean total variation distance to those found, in the best assignment.
  Writes topics.txt, the words of each topic.
  """
  settings = cast(topic_settings.Settings, run.settings)
  corpus, model = run.corpus, run.model
  test, bounds = run.perplexity(corpus.test)
  train, _ = run.perplexity(corpus.train)
  first = corpus.valid[: settings.eval_examples]
  _, means = run.evaluator(first, seed=settings.seed)
  topics, weights = topic_model.topics_of(model), means.mean(axis=0)
  results: dict[str, Any] = {
    'dataset': settings.dataset,
    'test_documents': corpus.test.shape[0],
    'test_perplexity': test,
    'train_perplexity': train,
    'unigram_perplexity': topic_measures.unigram_perplexity(
      corpus.train, corpus.test
    ),
    'test_elbo': float(bounds.mean()),
    'prior_concentration': float(topic_model.prior_of(model).mean()),
    'recovery_distance': None,
    'recovery_cosine': None,
    'topics_found': None,
  }
  if corpus.topics is not None and len(topics) >= len(corpus.topics):
    matched = topic_measures.match(topics, corpus.topics)
    results['recovery_distance'] = float(matched.distance.mean())
    results['recovery_cosine'] = float(matched.cosine.mean())
    results['topics_found'] = int(np.sum(matched.distance < 0.5))
  lines = list(_described(topics, weights, corpus.vocabulary))
  text = '\n'.join(lines) + '\n'
  (run.path / 'topics.txt').write_text(text, encoding='utf-8')
  results['topics'] = lines[:_SHOWN]
  return results


def _described(
  topics: np.ndarray, weights: np.ndarray, vocabulary: tuple[str, ...]
) -> Iterator[str]:
  """Yields a line for each topic, the heaviest first."""
  for index in np.argsort(-weights, kind='stable'):
    words = topic_measures.top_words(topics[index], vocabulary, _WORDS)
    yield f'{weights[index]:6.2%}  {" ".join(words)}'


def table(results: dict[str, Any], settings: Any) -> str:
  """Returns the closing table, and the words of the heaviest topics."""
  speed, distance = results['steps_per_second'], results['recovery_distance']
  rows = [
    (
      f'perplexity of {results["test_documents"]:,} test documents',
      f'{results["test_perplexity"]:.1f}',
    ),
    ('perplexity of the training documents', _one(results['train_perplexity'])),
    ('unigram perplexity, test', _one(results['unigram_perplexity'])),
    ('test ELBO (nats)', f'{results["test_elbo"]:.2f}'),
    (
      'mean concentration of the prior',
      f'{results["prior_concentration"]:.3f}',
    ),
    ('training steps/s', f'{speed:.0f}' if speed else 'not measured'),
  ]
  if distance is not None:
    found = f'{distance:.3f} (cosine {results["recovery_cosine"]:.3f})'
    rows.append(('distance of known topics to those found', found))
    rows.append(('known topics found', str(results['topics_found'])))
  head = tabulate.tabulate(
    rows,
    headers=[settings.label, f'step {settings.steps:,}'],
    disable_numparse=True,
  )
  words = '\n'.join(results['topics'])
  return f'{head}\n\nThe heaviest topics (all in topics.txt):\n{words}'


def _one(value: float) -> str:
  return f'{value:.1f}'
