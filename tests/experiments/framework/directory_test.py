"""Tests of run directories: what a killed run leaves, and who may resume it."""

import glob
import json
import os

import numpy as np
import pytest
import tensorflow as tf

from experiments.framework import directory as run_directory

_CONFIG = {'estimator': 'vimco', 'steps': 1_000, 'rate': 1e-4, 'layers': (2, 3)}


def _open(path, **changes):
  return run_directory.RunDirectory.open(path, _CONFIG | changes)


def _tensorboard(path):
  """Returns the scalars in the event files as sorted (step, name, value)."""
  scalars = []
  for file in glob.glob(os.path.join(path, 'tensorboard', '*')):
    for event in tf.compat.v1.train.summary_iterator(file):
      scalars.extend(
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for value in event.summary.value
      )
  return sorted(scalars)


def _log(run, steps):
  for step in steps:
    run.log(step, train_bound=-100.0 - step, valid_bound=np.float32(0.5))


def test_new_directory_holds_its_configuration(tmp_path):
  run = _open(tmp_path / 'deep' / 'run')
  assert not run.resuming
  assert not run.finished
  assert run.path == tmp_path / 'deep' / 'run'
  stored = json.loads((run.path / 'config.json').read_text(encoding='utf-8'))
  assert stored == {
    'estimator': 'vimco',
    'steps': 1_000,
    'rate': 1e-4,
    'layers': [2, 3],
  }


def test_same_configuration_resumes(tmp_path):
  _log(_open(tmp_path), [1, 2])
  run = _open(tmp_path)
  assert run.resuming
  _log(run, [3])
  steps = [line['step'] for line in run_directory.read_metrics(tmp_path)]
  assert steps == [1, 2, 3]


def test_other_configuration_lists_what_differs(tmp_path):
  run_directory.RunDirectory.open(tmp_path, _CONFIG | {'old': True})
  before = (tmp_path / 'config.json').read_bytes()
  with pytest.raises(ValueError) as raised:
    _open(tmp_path, rate=1e-3, new=None, steps=2_000)
  message = str(raised.value)
  assert 'rate=0.001 (there: 0.0001)' in message
  assert "new=None (there: '(absent)')" in message
  assert "old='(absent)' (there: True)" in message
  assert 'estimator' not in message
  assert 'steps' not in message
  assert (tmp_path / 'config.json').read_bytes() == before


def test_steps_may_grow_and_the_run_goes_on(tmp_path):
  _open(tmp_path).write_json('results.json', {'bound': -90.0})
  assert _open(tmp_path).finished
  run = _open(tmp_path, steps=2_000)
  assert run.resuming
  assert not run.finished
  assert (
    json.loads((tmp_path / 'config.json').read_text(encoding='utf-8'))['steps']
    == 2_000
  )
  former = json.loads(
    (tmp_path / 'results.former.json').read_text(encoding='utf-8')
  )
  assert former == {'bound': -90.0}
  with pytest.raises(ValueError, match=r'steps=1000 \(there: 2000\)'):
    _open(tmp_path, steps=1_000)


def test_what_may_change_is_up_to_the_caller(tmp_path):
  _open(tmp_path)
  opened = run_directory.RunDirectory.open(
    tmp_path, _CONFIG | {'estimator': 'disarm'}, may_change=('estimator',)
  )
  assert opened.resuming
  with pytest.raises(ValueError, match='steps=2000'):
    run_directory.RunDirectory.open(
      tmp_path, _CONFIG | {'estimator': 'disarm', 'steps': 2_000}, may_change=()
    )


def test_directory_of_something_else(tmp_path):
  (tmp_path / 'thesis.tex').touch()
  with pytest.raises(ValueError, match=r'holds files but no config\.json'):
    _open(tmp_path)
  assert [entry.name for entry in tmp_path.iterdir()] == ['thesis.tex']
  with pytest.raises(ValueError, match='Received: the file'):
    _open(tmp_path / 'thesis.tex')


def test_directory_killed_before_its_configuration_was_written(tmp_path):
  (tmp_path / '.config.json.0123.tmp').write_text('{"est')
  assert not _open(tmp_path).resuming


def test_damaged_configuration(tmp_path):
  (tmp_path / 'config.json').write_text('{"estimator": ')
  with pytest.raises(ValueError, match=r'JSON object in .*config\.json'):
    _open(tmp_path)


def test_killed_run_ends_as_an_uninterrupted_one(tmp_path):
  whole = _open(tmp_path / 'whole')
  _log(whole, range(1, 8))

  killed = _open(tmp_path / 'killed')
  _log(killed, range(1, 6))  # The last checkpoint is that of step 3.
  with (killed.path / 'metrics.jsonl').open('a') as file:
    file.write('{"step": 6, "train_bo')
  resumed = _open(tmp_path / 'killed')
  resumed.truncate(3)
  _log(resumed, range(4, 8))

  for run in (whole, resumed):
    run.close()
  lines = [(run.path / 'metrics.jsonl').read_bytes() for run in (whole, killed)]
  assert lines[0] == lines[1]
  expected = _tensorboard(whole.path)
  assert len(expected) == 14
  assert _tensorboard(killed.path) == expected


def test_truncation_without_metrics(tmp_path):
  run = _open(tmp_path)
  run.truncate(0)
  _log(run, [1])
  assert len(run_directory.read_metrics(tmp_path)) == 1


def test_half_line_is_dropped_before_the_next_is_written(tmp_path):
  _log(_open(tmp_path), [1])
  with (tmp_path / 'metrics.jsonl').open('ab') as file:
    file.write('{"step": 2, "näh'.encode()[:-2])  # Within a character.
  assert [m['step'] for m in run_directory.read_metrics(tmp_path)] == [1]
  _log(_open(tmp_path), [2])
  steps = [line['step'] for line in run_directory.read_metrics(tmp_path)]
  assert steps == [1, 2]


def test_metrics_of_no_run(tmp_path):
  assert run_directory.read_metrics(tmp_path) == []
  with pytest.raises(FileNotFoundError):
    run_directory.read_metrics(tmp_path / 'absent')
