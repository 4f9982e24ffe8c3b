"""Tests of the Hamiltonian VAE's experiment, end to end on bundled digits."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from experiments import compare_hvae
from experiments import train_hvae
from experiments.data import datasets
from experiments.hvae import closing as hvae_closing
from experiments.hvae import measures as hvae_measures
from experiments.hvae import run as hvae_run
from experiments.hvae import settings as hvae_settings
from experiments.runs import comparison
from experiments.runs import directory as run_directory
from tf_mco import random

_FLAGS = {
  'leapfrog_steps': 1,
  'units': 3,
  'hidden_units': 8,
  'steps': 40,
  'eval_every': 10,
  'eval_examples': 20,
  'test_samples': 20,
  'test_examples': 15,
}


def _settings(**flags: Any) -> hvae_settings.Settings:
  return hvae_settings.make('digits', {**_FLAGS, **flags})


def _run(path: pathlib.Path, **flags: Any) -> hvae_run.Run:
  return hvae_run.Run(_settings(**flags), path, datasets.load('digits'))


def _values(variables: list) -> list[np.ndarray]:
  return [variable.numpy() for variable in variables]


def _state(run: hvae_run.Run) -> list[np.ndarray]:
  return _values([*run.model.variables, *run.model.optimizer.variables])


def _assert_equal(one: list, other: list) -> None:
  for a, b in zip(one, other, strict=True):
    np.testing.assert_array_equal(a, b)


@pytest.fixture(scope='module')
def finished(tmp_path_factory) -> tuple[pathlib.Path, dict[str, Any]]:
  """A finished run with everything that it leaves."""
  path = tmp_path_factory.mktemp('run') / 'one'
  return path, train_hvae.run(_settings(), str(path))


def test_leaves_results_pictures_and_a_saved_model(finished) -> None:
  path, results = finished
  assert (
    json.loads((path / 'results.json').read_text(encoding='utf-8')) == results
  )
  for name in ('learning_curve', 'samples', 'reconstructions'):
    assert (path / f'{name}.png').stat().st_size > 1000
  loaded = tf.saved_model.load(str(path / 'saved_model'))
  assert {'encode', 'decode', 'sample', 'bound'} <= set(loaded.signatures)
  line = run_directory.read_metrics(path)[-1]
  assert 0 < line['step_size'] < 0.5
  assert line['momentum_scale'] > 1


def test_closing_figures_average_images_and_binarizations(finished) -> None:
  path, results = finished
  run = _run(path)
  run.restore_best()
  test = run.images.test[:15]
  elbo = hvae_measures.Elbo(run.model, num_samples=1, jit_compile=False)
  repeats = [
    elbo(test, batch_size=10, seed=random.fold_in(0, repeat))
    for repeat in range(3)
  ]
  expected = [float(values.mean()) for values in repeats]
  np.testing.assert_allclose(
    results['test_elbo_by_repeat'], expected, rtol=1e-5
  )
  assert len(set(expected)) == 3
  assert results['test_elbo'] == pytest.approx(np.mean(expected), rel=1e-5)
  by_image = np.mean(repeats, axis=0)
  error = by_image.std() / math.sqrt(15)
  assert results['test_elbo_standard_error'] == pytest.approx(error, rel=1e-4)
  bounds = hvae_closing.read_bounds(path)
  assert bounds.shape == (15,)
  assert bounds.mean() == pytest.approx(results['test_bound'])
  # 20 samples of the same binarizations.
  assert results['test_bound'] > results['test_elbo']
  text = hvae_closing.table(results, _settings())
  assert 'ELBO of 15 test images' in text
  assert 'dynamic, mean of 3' in text


def test_a_run_in_two_parts_is_the_run_in_one(finished, tmp_path) -> None:
  path, _ = finished
  _run(tmp_path, steps=20).train()
  again = _run(tmp_path)
  assert again.first_step == 20
  again.train()
  whole = _run(path)
  _assert_equal(_state(whole), _state(again))
  assert whole.patience == again.patience
  one, other = (p / 'metrics.jsonl' for p in (path, tmp_path))
  assert one.read_bytes() == other.read_bytes()


def test_stops_early_and_keeps_the_best(finished, tmp_path) -> None:
  run = _run(tmp_path, steps=80, patience=2, leapfrog_steps=0)
  bounds = iter([-30.0, -20.0, -25.0, -20.0])
  kept = []

  def evaluate(x: np.ndarray, **kwargs: Any) -> np.ndarray:
    del kwargs
    kept.append(_values(run.model.trainable_variables))
    return np.full(len(x), next(bounds))

  run._bounds = evaluate
  run.train()
  assert int(run.model.objective.step) == 40
  assert (run.patience.best, run.patience.best_step) == (-20.0, 20)
  run.restore_best()
  _assert_equal(_values(run.model.trainable_variables), kept[1])
  again = _run(tmp_path, steps=80, patience=2, leapfrog_steps=0)
  assert again.first_step == 40
  assert again.train() is None
  _assert_equal(_values(again.model.trainable_variables), kept[3])
  again.restore_best()
  _assert_equal(_values(again.model.trainable_variables), kept[1])


def test_nothing_evaluated_is_an_error(tmp_path) -> None:
  with pytest.raises(ValueError, match='no evaluated model'):
    _run(tmp_path).restore_best()


@pytest.mark.usefixtures('without_export')
def test_comparison(tmp_path) -> None:
  flags = {**_FLAGS, 'steps': 10, 'test_repeats': 1}
  text = compare_hvae.run(
    'digits', flags, ['VAE', 'HVAE K=1 free'], [0], tmp_path
  )
  assert (tmp_path / 'comparison.md').read_text(encoding='utf-8') == text + '\n'
  assert (tmp_path / 'comparison.png').stat().st_size > 0
  assert [line.split('|')[1].strip() for line in text.splitlines()[2:]] == [
    'VAE',
    'HVAE K=1 free',
  ]
  assert '+0.00 ± 0.00' in text.splitlines()[2]


def test_curves_end_with_the_seed_that_stopped_first(tmp_path) -> None:
  plan = {'row': [_settings(seed=seed) for seed in (0, 1)]}
  for settings, bounds in zip(
    plan['row'], ([-4, -2, -3], [-2, -1]), strict=True
  ):
    directory = run_directory.RunDirectory.open(tmp_path / settings.label, {})
    for index, bound in enumerate(bounds):
      directory.log(10 * index + 10, valid_bound=float(bound))
    directory.close()
  steps, means = comparison.curves(plan, tmp_path)['row']
  assert steps.tolist() == [10, 20]
  assert means.tolist() == [-3, -1.5]


def test_bad_settings(tmp_path) -> None:
  for flags, message in (
    ({'leapfrog_steps': -1}, 'leapfrog_steps must be at least 0.*-1'),
    ({'step_size': 0.5}, 'step_size must be between 0 and 0.5.*0.5'),
    ({'step_size': 0.0}, 'step_size must be between 0'),
    ({'initial_temperature': 1.0}, 'initial_temperature must be between 1'),
    ({'alpha': 1.0}, 'alpha must be between 0 and 1'),
    ({'tempering': 'cold'}, 'Unknown --tempering.*cold'),
    ({'estimator': 'vimco'}, 'Unknown --estimator.*vimco'),
    ({'initializer': 'he'}, 'Unknown --initializer.*he'),
    ({'optimizer': 'sgd'}, 'Unknown --optimizer.*sgd'),
    ({'patience': 0}, 'patience must be at least 1'),
  ):
    with pytest.raises(ValueError, match=message):
      _settings(**flags)
  with pytest.raises(ValueError, match='Unknown --rows.*HVAE K=2'):
    compare_hvae.run('digits', {}, ['HVAE K=2'], [0], tmp_path)
