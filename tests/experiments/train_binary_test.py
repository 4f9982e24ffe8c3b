"""Tests of the main experiment, end to end on the bundled digits."""

import dataclasses
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments import train_binary
from experiments.binary import closing
from experiments.binary import model
from experiments.binary import settings as settings_lib
from experiments.data import datasets
from experiments.runs import directory as run_directory
from experiments.runs import training

_FLAGS = {
  'steps': 300,
  'eval_every': 100,
  'eval_examples': 50,
  'units': 16,
  'jit_compile': False,
}


def _settings(**flags):
  return settings_lib.make('digits', {**_FLAGS, **flags})


def _run(settings, path, images):
  return training.Run(settings, path, images, make_model=model.make)


def _weights(run):
  return [v.numpy() for v in run.model.variables]


class _Kill(keras.callbacks.Callback):
  """Stops training as a signal would, in the middle of an epoch."""

  def on_train_batch_end(self, batch, logs=None):
    if int(self.model.objective.step) >= 150:
      raise KeyboardInterrupt


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
  """A finished run with everything that it leaves."""
  path = tmp_path_factory.mktemp('run') / 'one'
  settings = _settings(track_variance=True, jit_compile=True)
  results = train_binary.run(settings, str(path))
  return settings, path, results


def test_results_are_the_models_own(finished):
  settings, path, results = finished
  images = datasets.load('digits')
  run = _run(settings, path, images)
  assert run.first_step == 300
  # By the same programs: of a million binary samples, some flip in others,
  # which round their logits otherwise.
  again = closing.measure(run)
  assert again == {name: results[name] for name in again}
  stored = json.loads((path / 'results.json').read_text(encoding='utf-8'))
  assert stored == results


def test_training_raises_the_bound_above_independent_pixels(finished):
  _, path, results = finished
  images = datasets.load('digits')
  p = np.clip(images.train.mean(0) / 255, 1e-3, 1 - 1e-3)
  x = images.test / 255
  independent = (x * np.log(p) + (1 - x) * np.log1p(-p)).sum(1).mean()
  metrics = run_directory.read_metrics(path)
  assert [line['step'] for line in metrics] == [100, 200, 300]
  assert metrics[-1]['valid_bound'] > metrics[0]['valid_bound']
  # Independent pixels know no digit; 300 steps are enough for half a nat.
  assert results['test_bound'] > independent + 0.5


def test_leaves_pictures_and_a_saved_model(finished):
  _, path, _ = finished
  for name in ('learning_curve', 'samples', 'reconstructions'):
    assert (path / f'{name}.png').stat().st_size > 1000
  loaded = tf.saved_model.load(str(path / 'saved_model'))
  expected = {'encode', 'decode', 'sample', 'bound', 'serving_default'}
  assert set(loaded.signatures) == expected


def test_logs_the_running_variance(finished):
  _, path, _ = finished
  for line in run_directory.read_metrics(path):
    assert line['gradient_variance_encoder'] > 0


def test_a_finished_run_is_not_trained_again(finished, capsys):
  settings, path, results = finished
  before = (path / 'metrics.jsonl').read_bytes()
  assert train_binary.run(settings, str(path)) == results
  assert (path / 'metrics.jsonl').read_bytes() == before
  assert 'finished run' in capsys.readouterr().out


def test_a_killed_run_ends_as_an_uninterrupted_one(tmp_path, monkeypatch):
  images = datasets.load('digits')
  settings = _settings(track_variance=True)
  whole = _run(settings, tmp_path / 'whole', images)
  whole.train()

  killed = _run(settings, tmp_path / 'killed', images)
  # Executions of 50 steps, so that the kill falls inside an epoch.
  with monkeypatch.context() as patch:
    patch.setattr(training.callbacks, 'Stopwatch', lambda steps: _Kill())
    killed.model.steps_per_execution = 50
    with pytest.raises(KeyboardInterrupt):
      killed.train()
  assert int(killed.model.objective.step) == 150

  again = _run(settings, tmp_path / 'killed', images)
  assert again.first_step == 100
  again.train()
  for one, other in zip(_weights(whole), _weights(again), strict=True):
    np.testing.assert_array_equal(one, other)
  lines = [
    (tmp_path / name / 'metrics.jsonl').read_bytes()
    for name in ('whole', 'killed')
  ]
  assert lines[0] == lines[1]


def test_another_configuration_is_refused_by_the_names_of_its_flags(finished):
  settings, path, _ = finished
  other = dataclasses.replace(settings, batch_size=10, seed=3)
  with pytest.raises(ValueError, match=r'batch_size=10 \(there: 50\), seed=3'):
    _run(other, path, datasets.load('digits'))


def test_a_bound_that_is_not_finite_keeps_the_last_good_checkpoint(tmp_path):
  images = datasets.load('digits')
  run = _run(_settings(), tmp_path / 'run', images)
  run.model.optimizer.by_group['decoder'].learning_rate = 1e38
  with pytest.raises(ValueError, match='training step [0-9]+ is not finite'):
    run.train()
  assert _run(_settings(), tmp_path / 'run', images).first_step == 0


def test_a_checkpoint_of_other_variables_is_refused(tmp_path):
  images = datasets.load('digits')
  _run(_settings(), tmp_path, images)
  tf.train.CheckpointManager(
    tf.train.Checkpoint(other=tf.Variable(1)),
    str(tmp_path / 'checkpoints'),
    max_to_keep=1,
  ).save()
  with pytest.raises(ValueError, match='every variable.*another version'):
    _run(_settings(), tmp_path, images)


def test_a_mistake_on_the_command_line_is_one_line(tmp_path):
  command = [sys.executable, '-m', 'experiments.train_binary']
  arguments = ['--estimator=vimko', f'--output_dir={tmp_path / "none"}']
  done = subprocess.run(
    [*command, *arguments], capture_output=True, text=True, check=False
  )
  assert done.returncode == 1
  last = done.stderr.strip().splitlines()[-1]
  assert last.startswith('train_binary: Unknown estimator. Expected one of')
  assert 'Traceback' not in done.stderr
  assert not (tmp_path / 'none').exists()


def test_two_layers_train(tmp_path):
  settings = _settings(num_layers=2, steps=100, architecture='nonlinear')
  run = _run(settings, tmp_path / 'deep', datasets.load('digits'))
  before = [v.numpy() for v in run.model.trainable_variables]
  run.train()
  after = [v.numpy() for v in run.model.trainable_variables]
  moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
  assert all(moved)
