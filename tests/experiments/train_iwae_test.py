"""Tests of the IWAE experiment, end to end on the bundled digits."""

import json

import numpy as np
import pytest
import tensorflow as tf

from experiments import train_iwae
from experiments.data import datasets
from experiments.iwae import closing as iwae_closing
from experiments.iwae import model as iwae_model
from experiments.iwae import settings as iwae_settings
from experiments.runs import directory as run_directory
from experiments.runs import training

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
  return iwae_settings.make('digits', {**_FLAGS, **flags})


def _run(path, **flags):
  return training.Run(
    _settings(**flags),
    path,
    datasets.load('digits'),
    make_model=iwae_model.make,
  )


def _state(run):
  variables = [*run.model.variables, *run.model.optimizer.variables]
  return [v.numpy() for v in variables]


def _assert_equal(one, other):
  for a, b in zip(one, other, strict=True):
    np.testing.assert_array_equal(a, b)


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
  """A finished run with everything that it leaves."""
  path = tmp_path_factory.mktemp('run') / 'one'
  results = train_iwae.run(_settings(), str(path))
  return path, results


def test_results_are_the_models_own(finished):
  path, results = finished
  run = _run(path)
  assert run.first_step == 120
  again = iwae_closing.measure(run)
  assert again == {name: results[name] for name in again}
  stored = json.loads((path / 'results.json').read_text(encoding='utf-8'))
  assert stored == results
  bounds = iwae_closing.read_bounds(path)
  assert bounds.shape == (30,)
  assert bounds.mean() == pytest.approx(results['test_bound'], abs=1e-4)


def test_results_name_what_was_measured(finished):
  path, results = finished
  assert results['binarization'] == 'dynamic'
  assert (results['test_samples'], results['test_examples']) == (40, 30)
  text = iwae_closing.table(results, _settings())
  assert 'L_40 of 30 test images' in text
  assert 'dynamic' in text
  assert (
    json.loads((path / 'config.json').read_text(encoding='utf-8'))['optimizer']
    == 'burda'
  )


def test_leaves_pictures_and_a_saved_model(finished):
  path, _ = finished
  for name in ('learning_curve', 'samples', 'reconstructions'):
    assert (path / f'{name}.png').stat().st_size > 1000
  loaded = tf.saved_model.load(str(path / 'saved_model'))
  expected = {'encode', 'decode', 'sample', 'bound', 'serving_default'}
  assert set(loaded.signatures) == expected
  steps = [line['step'] for line in run_directory.read_metrics(path)]
  assert steps == [40, 80, 120]


def test_a_run_in_two_parts_is_the_run_in_one(tmp_path):
  # Across a border of learning rates, which the second part must know of.
  whole = _run(tmp_path / 'whole')
  whole.train()
  _run(tmp_path / 'parts', steps=40).train()
  again = _run(tmp_path / 'parts')
  assert again.first_step == 40
  again.train()
  _assert_equal(_state(whole), _state(again))
  lines = [
    (tmp_path / name / 'metrics.jsonl').read_bytes()
    for name in ('whole', 'parts')
  ]
  assert lines[0] == lines[1]


def test_two_layers_train_and_are_measured(tmp_path):
  flags = {'num_layers': 2, 'estimator': 'dreg', 'steps': 40}
  run = _run(tmp_path / 'deep', optimizer='adam', **flags)
  before = [v.numpy() for v in run.model.trainable_variables]
  run.train()
  after = [v.numpy() for v in run.model.trainable_variables]
  moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
  assert all(moved)
  measured = iwae_closing.measure(run)
  assert len(measured['active_units']) == 2
  assert measured['bound_without_inactive'] is not None


def test_init_from_goes_on_with_weights_and_state_of_the_optimizer(
  finished, tmp_path
):
  path, _ = finished
  source = _run(path)
  flags = {'estimator': 'elbo', 'num_samples': 1, 'init_from': str(path)}
  switched = _run(tmp_path / 'switched', **flags)
  assert switched.first_step == 0
  optimizer = switched.model.optimizer
  _assert_equal(
    [v.numpy() for v in switched.model.trainable_variables],
    [v.numpy() for v in source.model.trainable_variables],
  )
  _assert_equal(
    [v.numpy() for v in optimizer.variables],
    [v.numpy() for v in source.model.optimizer.variables],
  )
  # The stages go on where they were: six of 20 steps are over.
  assert int(optimizer.iterations) == 120
  assert float(optimizer.learning_rate) == pytest.approx(1.4e-4)
  switched.train()
  again = _run(tmp_path / 'switched', **flags)
  assert again.first_step == 120
  assert int(again.model.optimizer.iterations) == 240


def test_init_from_of_another_model_is_refused_before_anything_is_written(
  finished, tmp_path
):
  path, _ = finished
  settings = _settings(init_from=str(path), units=5, optimizer='adam')
  with pytest.raises(
    ValueError, match=r"units=5 \(there: 4\), optimizer='adam' \(there: 'burda"
  ):
    train_iwae.run(settings, str(tmp_path / 'none'))
  with pytest.raises(ValueError, match='with a checkpoint. Received: .*empty'):
    train_iwae.run(
      _settings(init_from=str(tmp_path / 'empty')), str(tmp_path / 'none')
    )
  assert not (tmp_path / 'none').exists()


def test_another_split_for_validation():
  images = datasets.load('digits')
  split = iwae_model.with_validation(images, 100)
  both = np.concatenate([images.train, images.valid])
  np.testing.assert_array_equal(split.train, both[:-100])
  np.testing.assert_array_equal(split.valid, both[-100:])
  np.testing.assert_array_equal(split.test, images.test)
  assert '1,447 train and 100 validate' in split.note
  with pytest.raises(ValueError, match='below 1547. Received: 1547'):
    iwae_model.with_validation(images, 1547)
