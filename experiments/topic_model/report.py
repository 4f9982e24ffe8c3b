"""The figures of a trained topic model, its words and its table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from experiments.data import corpora
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.topic_model import measures as topic_measures
from experiments.topic_model import model as topic_model
from experiments.topic_model import settings as topic_settings
from experiments.topic_model import validation as topic_validation

_WORDS = 10
_SHOWN = 8


def measure(
  run: run_lib.Run[topic_settings.TopicModelSettings, corpora.Corpus],
) -> report.Results:
  """Returns the figures of a run at its present parameters.

  `test_perplexity` is exp(mean over documents of -ELBO / words) of all test
  documents, with `eval_samples` samples. `unigram_perplexity` is the perplexity
  of one distribution of words for all documents. For known topics,
  `recovery_distance` is the mean total variation distance to the learned topics
  in the best assignment. The function also writes topics.txt, the words of each
  topic.
  """
  settings, corpus, model = run.settings, run.data, run.model
  evaluation = topic_validation.PerplexityEvaluation(model, settings, corpus)
  test, bounds = evaluation.perplexity(corpus.test)
  train, _ = evaluation.perplexity(corpus.train)
  first = corpus.valid[: settings.eval_examples]
  _, means = evaluation.evaluator(first, seed=settings.seed)
  topics, weights = topic_model.topics_of(model), means.mean(axis=0)
  results: report.Results = {
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
  """Yields a line for each topic, the topic of the most weight first."""
  for index in np.argsort(-weights, kind='stable'):
    words = topic_measures.top_words(topics[index], vocabulary, _WORDS)
    yield f'{weights[index]:6.2%}  {" ".join(words)}'


def table(
  results: report.Results, settings: topic_settings.TopicModelSettings
) -> str:
  """Returns the table that the run ends with, and words of its topics."""
  rows = [
    (
      f'perplexity of {results["test_documents"]:,} test documents',
      f'{results["test_perplexity"]:.1f}',
    ),
    (
      'perplexity of the training documents',
      f'{results["train_perplexity"]:.1f}',
    ),
    ('unigram perplexity, test', f'{results["unigram_perplexity"]:.1f}'),
    ('test ELBO (nats)', f'{results["test_elbo"]:.2f}'),
    (
      'mean concentration of the prior',
      f'{results["prior_concentration"]:.3f}',
    ),
    report.speed(results),
  ]
  if results['recovery_distance'] is not None:
    distance = f'{results["recovery_distance"]:.3f}'
    cosine = f'(cosine {results["recovery_cosine"]:.3f})'
    rows.append(
      ('distance of known topics to those found', f'{distance} {cosine}')
    )
    rows.append(('known topics found', str(results['topics_found'])))
  head = report.table(rows, settings.label, settings.steps)
  words = '\n'.join(results['topics'])
  return f'{head}\n\nThe heaviest topics (all in topics.txt):\n{words}'
