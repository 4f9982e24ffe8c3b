"""Tests of the IWAE experiment, end to end on the bundled digits."""

import json

import numpy as np
import pytest

from experiments.framework import paired_bounds
from experiments.iwae import experiment as iwae_experiment
from experiments.iwae import model as iwae_model
from experiments.iwae import report as iwae_report
from tests.experiments import conftest
from tests.experiments import states

_EXPERIMENT = iwae_experiment.EXPERIMENT

_FLAGS = {
  'num_samples': 3,
  'units': 4,
  'hidden_units': 8,
  'stage_steps': 20,
  'steps': 120,
  'eval_every': 40,
  'eval_samples': 10,
  'eval_examples': 20,
  'test_samples': 40,
  'test_examples': 30,
  'jit_compile': False,
}


def _settings(**flags):
  return _EXPERIMENT.make_settings('digits', {**_FLAGS, **flags})


def _run(path, **flags):
  settings = _settings(**flags)
  return _EXPERIMENT.open(settings, path, _EXPERIMENT.load_data(settings, {}))


@pytest.fixture(scope='module')
def finished(tmp_path_factory, without_exports):
  """A finished run."""
  del without_exports
  path = tmp_path_factory.mktemp('run') / 'one'
  return conftest.Finished(path, _EXPERIMENT.run(_settings(), path))


def test_results_are_the_models_own(finished):
  path, results = finished
  run = _run(path)
  assert run.first_step == 120
  again = iwae_report.measure(run)
  assert again == {name: results[name] for name in again}
  bounds = paired_bounds.read(path)
  assert bounds.shape == (30,)
  assert bounds.mean() == pytest.approx(results['test_bound'], abs=1e-4)


def test_results_name_what_was_measured(finished):
  path, results = finished
  assert results['binarization'] == 'dynamic'
  assert (results['test_samples'], results['test_examples']) == (40, 30)
  text = iwae_report.table(results, _settings())
  assert 'L_40 of 30 test images' in text
  assert 'dynamic' in text
  assert (
    json.loads((path / 'config.json').read_text(encoding='utf-8'))['optimizer']
    == 'burda'
  )


def test_a_run_in_two_parts_is_the_run_in_one(finished, tmp_path):
  # Across a border of learning rates, which the second part must know of.
  _run(tmp_path, steps=40).train()
  again = _run(tmp_path)
  assert again.first_step == 40
  again.train()
  states.assert_same_run(_run(finished.path), again)


def test_two_layers_train_and_are_measured(tmp_path):
  flags = {
    'num_layers': 2,
    'estimator': 'dreg',
    'steps': 10,
    'eval_every': 10,
  }
  run = _run(tmp_path / 'deep', optimizer='adam', **flags)
  before = states.values(run.model.trainable_variables)
  run.train()
  after = states.values(run.model.trainable_variables)
  moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
  assert all(moved)
  measured = iwae_report.measure(run)
  assert len(measured['active_units']) == 2
  assert measured['bound_without_inactive'] is not None


def test_init_from_goes_on_with_weights_and_state_of_the_optimizer(
  finished, tmp_path
):
  path, _ = finished
  source = _run(path)
  flags = {
    'estimator': 'elbo',
    'num_samples': 1,
    'steps': 40,
    'init_from': str(path),
  }
  switched = _run(tmp_path / 'switched', **flags)
  assert switched.first_step == 0
  optimizer = switched.model.optimizer
  states.assert_equal(
    states.values(switched.model.trainable_variables),
    states.values(source.model.trainable_variables),
  )
  states.assert_equal(
    states.values(optimizer.variables),
    states.values(source.model.optimizer.variables),
  )
  # The phases go on where they were: six phases of 20 steps are over.
  assert int(optimizer.iterations) == 120
  assert float(optimizer.learning_rate) == pytest.approx(1.4e-4)
  switched.train()
  again = _run(tmp_path / 'switched', **flags)
  assert again.first_step == 40
  assert int(again.model.optimizer.iterations) == 160


def test_init_from_of_another_model_is_refused_before_anything_is_written(
  finished, tmp_path
):
  path, _ = finished
  settings = _settings(init_from=str(path), units=5, optimizer='adam')
  with pytest.raises(
    ValueError, match=r"units=5 \(there: 4\), optimizer='adam' \(there: 'burda"
  ):
    _EXPERIMENT.run(settings, str(tmp_path / 'none'))
  with pytest.raises(ValueError, match='with a checkpoint. Received: .*empty'):
    _EXPERIMENT.run(
      _settings(init_from=str(tmp_path / 'empty')), str(tmp_path / 'none')
    )
  assert not (tmp_path / 'none').exists()


def test_another_split_for_validation(digits):
  split = iwae_model.with_validation(digits, 100)
  both = np.concatenate([digits.train, digits.valid])
  np.testing.assert_array_equal(split.train, both[:-100])
  np.testing.assert_array_equal(split.valid, both[-100:])
  np.testing.assert_array_equal(split.test, digits.test)
  assert '1,447 train and 100 validate' in split.note
  with pytest.raises(ValueError, match='below 1547. Received: 1547'):
    iwae_model.with_validation(digits, 1547)
