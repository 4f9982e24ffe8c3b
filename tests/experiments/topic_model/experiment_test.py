"""Tests of the topic model experiment, end to end on documents of bars."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.data import corpora
from experiments.data import synthetic_corpus
from experiments.framework import directory as run_directory
from experiments.topic_model import compare as topic_compare
from experiments.topic_model import experiment as topic_experiment
from experiments.topic_model import measures as topic_measures
from experiments.topic_model import model as topic_model
from experiments.topic_model import report as topic_report
from experiments.topic_model import settings as topic_settings
from experiments.topic_model import validation as topic_validation
from tests.experiments import conftest
from tests.experiments import states

_FLAGS = {
  'topics': 6,
  'hidden_units': 8,
  'hidden_layers': 1,
  'prior_burn_in': 30,
  'batch_size': 10,
  'steps': 60,
  'eval_every': 20,
  'eval_examples': 20,
  'jit_compile': False,
}


@pytest.fixture(scope='module')
def corpus():
  drawn = synthetic_corpus.bars(side=3, documents=100)
  parts = synthetic_corpus.split(drawn.counts, (0.6, 0.2))
  return corpora.Corpus('bars', *parts, drawn.vocabulary, drawn.topics, 'Bars.')


_EXPERIMENT = topic_experiment.EXPERIMENT


def _settings(**flags):
  return _EXPERIMENT.make_settings('bars', {**_FLAGS, **flags})


def _run(path, corpus, **flags):
  return _EXPERIMENT.open(_settings(**flags), path, corpus)


def test_the_model_is_the_papers(corpus):
  settings = _EXPERIMENT.make_settings('newsgroups', {'dataset': 'bars'})
  model = topic_model.make(settings, corpus)
  shapes = [tuple(v.shape) for v in model.trainable_variables if v.ndim == 2]
  hidden = [(9, 300), (300, 300), (300, 300), (300, 50)]
  assert shapes == [*hidden, (50, 9), (1, 50)]
  np.testing.assert_allclose(topic_model.prior_of(model), 0.7, rtol=1e-6)
  # The bound of a document by NumPy, but for the sample.
  x = corpus.test[:4].toarray().astype('float32')
  problem = model.objective.encode_batch(tf.constant(x))
  alpha = x
  *layers, (kernel, bias) = [
    [np.asarray(w) for w in layer.trainable_variables]
    for layer in model.objective.encoder.layers
  ]
  for weights, offset in layers:
    alpha = np.maximum(alpha @ weights + offset, 0)
  alpha = np.clip(np.logaddexp(0, alpha @ kernel + bias), 1e-3, 1e3)
  found = problem.first_posterior.concentration
  np.testing.assert_allclose(found, alpha, rtol=1e-4)
  theta = np.random.RandomState(0).dirichlet(np.ones(50), [1, 4])
  words = theta.astype('float32') @ topic_model.topics_of(model)
  likelihood = problem.log_likelihood(tf.constant(theta, tf.float32))
  np.testing.assert_allclose(likelihood, (x * np.log(words)).sum(-1), rtol=1e-4)


@pytest.fixture(scope='module')
def finished(tmp_path_factory, corpus, without_exports):
  """A finished run."""
  del without_exports
  path = tmp_path_factory.mktemp('run') / 'one'
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(corpora, 'load', lambda *args, **kwargs: corpus)
    return conftest.Finished(path, _EXPERIMENT.run(_settings(), path))


def test_results_are_the_models_own(finished, corpus):
  path, results = finished
  run = _run(path, corpus)
  assert run.first_step == 60
  again = topic_report.measure(run)
  assert again == {name: results[name] for name in again}
  # By the model's own bound, with the same samples.
  evaluation = topic_validation.PerplexityEvaluation(
    run.model, run.settings, corpus
  )
  bounds, means = evaluation.evaluator(corpus.test, seed=0)
  assert bounds.shape == (20,) and means.shape == (20, 6)
  np.testing.assert_allclose(means.sum(1), 1, rtol=1e-5)
  words = corpora.word_counts(corpus.test)
  np.testing.assert_array_equal(words, corpus.test.toarray().sum(1))
  expected = np.exp(np.mean(-bounds.astype(np.float64) / words))
  assert results['test_perplexity'] == pytest.approx(expected, rel=1e-9)


def test_the_perplexity_is_that_of_the_bound(finished, corpus):
  """|z| < 4 over 400 samples of each document's bound."""
  run = _run(finished.path, corpus)
  x = tf.constant(corpus.test[:5].toarray(), tf.float32)
  problem = run.model.objective.encode_batch(x)
  values = problem.log_likelihood(problem.posterior.sample(400, seed=[1, 2]))
  bounds = (values - problem.kl()).numpy()
  many = topic_measures.Evaluator(run.model, num_samples=400, jit_compile=False)
  found, _ = many(corpus.test[:5], seed=3)
  error = bounds.std(0) * np.sqrt(2 / 400)
  assert np.all(np.abs(found - bounds.mean(0)) < 4 * error)


def test_leaves_words_pictures_and_metrics(finished):
  path, results = finished
  for name in ('learning_curve', 'topics', 'recovery'):
    assert (path / f'{name}.png').stat().st_size > 1000
  lines = (path / 'topics.txt').read_text(encoding='utf-8').splitlines()
  assert len(lines) == 6
  assert lines == results['topics']
  assert 'row' in lines[0] and '%' in lines[0]
  metrics = run_directory.read_metrics(path)
  assert [line['step'] for line in metrics] == [20, 40, 60]
  assert {'train_perplexity', 'valid_perplexity'} <= set(metrics[0])
  # Frozen for 30 steps.
  prior = [line['prior_concentration'] for line in metrics]
  assert prior[0] == pytest.approx(0.7, rel=1e-6)
  assert abs(prior[2] - 0.7) > 1e-3
  text = topic_report.table(results, _settings())
  assert 'perplexity of 20 test documents' in text
  assert lines[0] in text
  assert list((path / 'tensorboard').iterdir())


def test_a_run_in_two_parts_is_the_run_in_one(finished, tmp_path, corpus):
  # Across the end of the burn-in, of which the second part must know.
  _run(tmp_path, corpus, steps=20).train()
  again = _run(tmp_path, corpus)
  assert again.first_step == 20
  again.train()
  states.assert_same_run(_run(finished.path, corpus), again)


@pytest.mark.parametrize('method', sorted(topic_settings.METHODS))
def test_every_method_trains_all_parts(method, corpus):
  settings = _settings(
    reparameterization=method,
    prior_burn_in=0,
    num_samples=2 if method == 'score_loo' else None,
  )
  model = topic_model.make(settings, corpus)
  assert model.objective.encoder.layers[-1].gradient == settings.method.gradient
  before = states.values(model.trainable_variables)
  x = corpus.train[:10].toarray().astype('float32')
  model.fit(x, batch_size=10, steps_per_epoch=1, verbose=0)
  after = states.values(model.trainable_variables)
  moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
  assert all(moved)


def test_a_comparison_is_one_table_and_one_plot(tmp_path, monkeypatch):
  def pretend(settings, path, sources=None):
    del sources
    directory = run_directory.RunDirectory.open(path, {'seed': settings.seed})
    directory.log(10, valid_perplexity=90.0)
    directory.log(20, valid_perplexity=80.0)
    return {'test_perplexity': 81.0 + settings.seed, 'steps_per_second': 5.0}

  comparison = topic_compare.COMPARISON
  monkeypatch.setattr(comparison.experiment, 'run', pretend)
  methods = ['implicit', 'score_loo']
  chosen = {'methods': methods}
  text = comparison.run('bars', _FLAGS, chosen, [0, 1], tmp_path)
  assert (
    text == (tmp_path / 'comparison.md').read_text(encoding='utf-8').strip()
  )
  assert (tmp_path / 'comparison.png').stat().st_size > 1000
  assert text.splitlines()[2].count('81.0 / 82.0') == 1
  with pytest.raises(ValueError, match=r"Unknown --methods.*implicit.*'rwsi'"):
    comparison.run('bars', _FLAGS, {'methods': ['rwsi']}, [0], tmp_path)
  rows = comparison.rows('bars', {}, {'methods': ['implicit', 'score_loo']})
  assert [row.get('num_samples') for row in rows.values()] == [None, 2]


def test_an_estimator_of_no_mean_is_refused(corpus):
  with pytest.raises(ValueError, match='analytic_kl.*estimator of a mean'):
    topic_model.make(_settings(estimator='iwae'), corpus)
  keras.backend.clear_session()
