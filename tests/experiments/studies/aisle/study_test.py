"""Tests of the AISLE study: resumed runs, files, bad settings."""

import json

import numpy as np
import pytest

from experiments.framework import task_study
from experiments.studies.aisle import descent as gaussian_descent
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import study as aisle_study
from experiments.studies.aisle import target as gaussian_target
from experiments.studies.aisle import tasks as gaussian_tasks

_STUDY = aisle_study.STUDY
_TINY = {
  'families': ('insufficient',),
  'dims': (2,),
  'samples': (2,),
  'methods': ('iwae',),
  'optimizers': ('adam',),
  'repeats': 3,
  'iterations': 50,
  'variance_draws': 2,
}


def _results(path):
  lines = (path / task_study.RESULTS).read_text(encoding='utf-8').splitlines()
  return [{**json.loads(line), 'cpu_seconds': 0} for line in lines]


def test_resumed_study_equals_an_uninterrupted_one(tmp_path, monkeypatch):
  settings = _STUDY.make_settings('quick', _TINY)
  whole_path, path = tmp_path / 'whole', tmp_path / 'parts'
  _STUDY.run(settings, whole_path)
  monkeypatch.setattr(gaussian_tasks, '_SAVE_SECONDS', 0.0)
  reports = []

  def interrupt(done):
    reports.append(done)
    if len(reports) == 20:
      raise KeyboardInterrupt

  task = _STUDY.tasks(settings)[-1]
  with pytest.raises(KeyboardInterrupt):
    _STUDY.finish(_STUDY.open(settings, path), task, interrupt)
  session = _STUDY.open(settings, path)
  assert task not in session.results
  reports.clear()
  _STUDY.finish(session, task, reports.append)
  assert 0 < reports[0] < sum(reports) == _STUDY.work(settings, task)
  name = f'states/{"-".join(map(str, task))}.npz'
  with np.load(whole_path / name) as whole, np.load(path / name) as two:
    for array in whole:
      np.testing.assert_array_equal(whole[array], two[array])
  assert _results(path)[-1] == _results(whole_path)[-1]


def test_study_writes_tables_and_pictures_and_is_not_done_twice(
  tmp_path, monkeypatch
):
  flags = {
    **_TINY,
    'families': gaussian_target.FAMILIES,
    'optimizers': gaussian_descent.OPTIMIZERS,
    'iterations': 3,
  }
  settings = _STUDY.make_settings('quick', flags)
  text = _STUDY.run(settings, tmp_path)
  assert '## insufficient, D = 2, K = 2' in text and '| IWAE ' in text
  assert (tmp_path / 'tables.md').read_text(encoding='utf-8') == text + '\n'
  assert len(_results(tmp_path)) == len(_STUDY.tasks(settings)) == 6
  names = {path.stem for path in tmp_path.glob('*.png')}
  assert len(names) == 8 and 'position_insufficient_adam' in names
  monkeypatch.delattr(gaussian_descent, 'Descent')
  assert _STUDY.run(settings, tmp_path) == text
  other = _STUDY.make_settings('quick', {**flags, 'repeats': 4})
  with pytest.raises(ValueError, match='another configuration.*repeats=4'):
    _STUDY.run(other, tmp_path)


@pytest.mark.parametrize(
  'flags, message',
  [
    ({'methods': ('iwae', 'vimco')}, r"Unknown method.*Received: \['vimco'\]"),
    ({'optimizers': ('lamb',)}, r"Unknown optimizers.*\['lamb'\]"),
    ({'families': ('gamma',)}, 'Unknown families.*expressive'),
    ({'samples': (1, 0)}, 'samples >= 1. Received: samples=0'),
    ({'dims': (0,)}, 'dims >= 1. Received: dims=0'),
    ({'dims': ()}, 'at least one'),
    ({'alpha': 1.0}, 'alpha > 1.*Received: alpha=1.0'),
    ({'variance_draws': 1}, 'variance_draws >= 2'),
  ],
)
def test_bad_settings_are_refused(flags, message):
  with pytest.raises(ValueError, match=message):
    _STUDY.make_settings('quick', flags)


def test_aliases_are_one_method():
  names = ['aisle_kl', 'rws', 'iwae_stl', 'aisle_kl_norep']
  assert gaussian_methods.canonical(names) == ('iwae_stl', 'rws')
