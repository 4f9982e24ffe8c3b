"""Tests of the Gaussian study: resumed runs, files, bad settings."""

import json

import numpy as np
import pytest

from experiments import aisle_gaussian
from experiments.aisle import descent as gaussian_descent
from experiments.aisle import methods as gaussian_methods
from experiments.aisle import problem as gaussian_problem
from experiments.aisle import settings as gaussian_settings
from experiments.aisle import study as gaussian_study

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
  lines = (
    (path / gaussian_study.RESULTS).read_text(encoding='utf-8').splitlines()
  )
  return [{**json.loads(line), 'cpu_seconds': 0} for line in lines]


def test_resumed_study_equals_an_uninterrupted_one(tmp_path, monkeypatch):
  settings = gaussian_settings.make('quick', _TINY)
  aisle_gaussian.run(settings, tmp_path / 'whole')
  monkeypatch.setattr(gaussian_study, '_SAVE_SECONDS', 0.0)
  reports = []

  def interrupt(done):
    reports.append(done)
    if len(reports) == 20:
      raise KeyboardInterrupt

  path = tmp_path / 'parts'
  path.mkdir()
  task = gaussian_settings.tasks(settings)[-1]
  with pytest.raises(KeyboardInterrupt):
    gaussian_study.Study(settings, path).run(task, interrupt)
  study = gaussian_study.Study(settings, path)
  assert task not in study.results
  reports.clear()
  study.run(task, reports.append)
  assert 0 < reports[0] < sum(reports) == study.work(task)
  name = f'states/{"-".join(map(str, task))}.npz'
  with np.load(tmp_path / 'whole' / name) as whole, np.load(path / name) as two:
    for array in whole:
      np.testing.assert_array_equal(whole[array], two[array])
  assert _results(path)[-1] == _results(tmp_path / 'whole')[-1]


def test_study_writes_tables_and_pictures_and_is_not_done_twice(
  tmp_path, monkeypatch
):
  given = {
    **_TINY,
    'families': gaussian_problem.FAMILIES,
    'optimizers': gaussian_descent.OPTIMIZERS,
    'iterations': 3,
  }
  settings = gaussian_settings.make('quick', given)
  text = aisle_gaussian.run(settings, tmp_path)
  assert '## insufficient, D = 2, K = 2' in text and '| IWAE ' in text
  assert (tmp_path / 'tables.md').read_text(encoding='utf-8') == text + '\n'
  assert len(_results(tmp_path)) == len(gaussian_settings.tasks(settings)) == 6
  names = {path.stem for path in tmp_path.glob('*.png')}
  assert len(names) == 8 and 'position_insufficient_adam' in names
  monkeypatch.delattr(gaussian_descent, 'Descent')
  assert aisle_gaussian.run(settings, tmp_path) == text
  with pytest.raises(ValueError, match='another configuration.*repeats=4'):
    aisle_gaussian.run(
      gaussian_settings.make('quick', {**given, 'repeats': 4}), tmp_path
    )


@pytest.mark.parametrize(
  'given, message',
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
def test_bad_settings_are_refused(given, message):
  with pytest.raises(ValueError, match=message):
    gaussian_settings.make('quick', given)


def test_aliases_are_one_method():
  names = ['aisle_kl', 'rws', 'iwae_stl', 'aisle_kl_norep']
  assert gaussian_methods.canonical(names) == ('iwae_stl', 'rws')
  with pytest.raises(ValueError, match='integers. Received: --dims=2,x'):
    gaussian_settings.integers('dims', ['2', 'x'])
