"""Tests of the experiment on binary latent variables, on bundled digits."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.binary import experiment as binary_experiment
from experiments.binary import report as binary_report
from experiments.framework import directory as run_directory
from tests.experiments import conftest
from tests.experiments import states

_FLAGS = {
  'steps': 300,
  'eval_every': 100,
  'eval_samples': 20,
  'eval_examples': 50,
  'units': 16,
  'jit_compile': False,
}
_EXPERIMENT = binary_experiment.EXPERIMENT


def _settings(**flags):
  return _EXPERIMENT.make_settings('digits', {**_FLAGS, **flags})


@pytest.fixture(scope='module')
def finished(tmp_path_factory, without_exports):
  """A finished run."""
  del without_exports
  path = tmp_path_factory.mktemp('run') / 'one'
  return conftest.Finished(path, _EXPERIMENT.run(_settings(), path))


def test_results_are_the_models_own(finished, digits):
  run = _EXPERIMENT.open(_settings(), finished.path, digits)
  assert run.first_step == 300
  again = binary_report.measure(run)
  assert again == {name: finished.results[name] for name in again}
  table = binary_report.table(finished.results, run.settings)
  bound = f'{finished.results["test_bound"]:.2f} ± '
  assert bound in table


def test_training_raises_the_bound_above_independent_pixels(finished, digits):
  p = np.clip(digits.train.mean(0) / 255, 1e-3, 1 - 1e-3)
  x = digits.test / 255
  independent = (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(1).mean()
  metrics = run_directory.read_metrics(finished.path)
  assert [line['step'] for line in metrics] == [100, 200, 300]
  assert metrics[-1]['valid_bound'] > metrics[0]['valid_bound']
  # Independent pixels know no digit; 300 steps are enough for half a nat.
  assert finished.results['test_bound'] > independent + 0.5


def test_two_layers_train(tmp_path, digits):
  settings = _settings(
    num_layers=2, steps=20, eval_every=20, architecture='nonlinear'
  )
  run = _EXPERIMENT.open(settings, tmp_path, digits)
  before = states.values(run.model.trainable_variables)
  run.train()
  after = states.values(run.model.trainable_variables)
  moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
  assert all(moved)


def test_xla_trains_and_evaluates_as_tensorflow_does(tmp_path, digits):
  # The library tests XLA; this is about the setting, which is true by default.
  few = digits._replace(valid=digits.valid[:50])
  lines = []
  for jit_compile in (True, False):
    settings = _settings(
      jit_compile=jit_compile, units=2, steps=4, eval_every=4, eval_samples=2
    )
    run = _EXPERIMENT.open(settings, tmp_path / str(jit_compile), few)
    assert run.model.jit_compile is jit_compile
    run.train()
    lines += run_directory.read_metrics(run.path)
  assert lines[0] == pytest.approx(lines[1], rel=1e-5)
  default = _EXPERIMENT.make_settings('digits', {})
  assert default.jit_compile
