"""Tests of the Hamiltonian VAE's experiment, end to end on bundled digits."""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np
import pytest

from experiments.framework import directory as run_directory
from experiments.framework import paired_bounds
from experiments.framework import run as run_lib
from experiments.hvae import compare as hvae_compare
from experiments.hvae import experiment as hvae_experiment
from experiments.hvae import measures as hvae_measures
from experiments.hvae import report as hvae_report
from experiments.hvae import settings as hvae_settings
from tests.experiments import conftest
from tests.experiments import states
from tf_mco import random

_FLAGS = {
  'leapfrog_steps': 1,
  'units': 3,
  'hidden_units': 8,
  'steps': 30,
  'eval_every': 10,
  'eval_examples': 20,
  'test_samples': 20,
  'test_examples': 15,
}
_EXPERIMENT = hvae_experiment.EXPERIMENT


def _settings(**flags: Any) -> hvae_settings.HvaeSettings:
  return _EXPERIMENT.make_settings('digits', {**_FLAGS, **flags})


def _run(path: pathlib.Path, **flags: Any) -> run_lib.Run:
  settings = _settings(**flags)
  return _EXPERIMENT.open(settings, path, _EXPERIMENT.load_data(settings, {}))


@pytest.fixture(scope='module')
def finished(tmp_path_factory, without_exports) -> conftest.Finished:
  """A finished run."""
  del without_exports
  path = tmp_path_factory.mktemp('run') / 'one'
  return conftest.Finished(path, _EXPERIMENT.run(_settings(), path))


def test_the_metrics_say_what_the_dynamics_have_learned(finished) -> None:
  line = run_directory.read_metrics(finished.path)[-1]
  assert list(line) == [
    'step',
    'train_bound',
    'valid_bound',
    'step_size',
    'momentum_scale',
  ]
  assert 0 < line['step_size'] < 0.5
  assert line['momentum_scale'] > 1
  best = list((finished.path / 'best').glob('*.index'))
  assert len(best) == 1


def test_figures_average_images_and_binarizations(finished) -> None:
  path, results = finished
  run = _run(path)
  run.best.restore()
  test = run.data.test[:15]
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
  bounds = paired_bounds.read(path)
  assert bounds.shape == (15,)
  assert bounds.mean() == pytest.approx(results['test_bound'])
  # 20 samples of the same binarizations.
  assert results['test_bound'] > results['test_elbo']
  text = hvae_report.table(results, _settings())
  assert 'ELBO of 15 test images' in text
  assert 'dynamic, mean of 3' in text


def test_a_run_in_two_parts_is_the_run_in_one(finished, tmp_path) -> None:
  _run(tmp_path, steps=20).train()
  again = _run(tmp_path)
  assert again.first_step == 20
  again.train()
  whole = _run(finished.path)
  states.assert_same_run(whole, again)
  assert whole.best.patience == again.best.patience
  for run in (whole, again):
    run.best.restore()
  states.assert_same_run(whole, again)


def test_a_comparison_says_what_it_compares(
  finished, tmp_path, monkeypatch
) -> None:
  comparison = hvae_compare.COMPARISON
  monkeypatch.setattr(comparison.experiment, 'run', states.copy_of(*finished))
  rows = ['VAE', 'HVAE K=1 free']
  text = comparison.run('digits', _FLAGS, {'rows': rows}, [0], tmp_path)
  assert (tmp_path / 'comparison.md').read_text(encoding='utf-8') == text + '\n'
  assert (tmp_path / 'comparison.png').stat().st_size > 0
  header, _, *lines = text.splitlines()
  assert 'ELBO, 15 test images, 3 binarizations (nats)' in header
  assert [line.split('|')[1].strip() for line in lines] == rows
  assert '+0.00 ± 0.00' in lines[0]
  with pytest.raises(ValueError, match='Unknown --rows.*HVAE K=2'):
    comparison.run('digits', {}, {'rows': ['HVAE K=2']}, [0], tmp_path)


def test_the_rows_of_a_comparison_depend_on_the_preset() -> None:
  rows = hvae_compare.COMPARISON.rows
  assert list(rows('quick', {}, {'rows': []})) == [
    'VAE',
    'HVAE K=1 fixed',
    'HVAE K=5 fixed',
  ]
  assert list(rows('mnist', {}, {'rows': []})) == list(hvae_compare.ROWS)
