"""Every experiment is a folder of one shape, with two programs."""

from __future__ import annotations

import importlib
import pathlib

import pytest

from experiments.framework import comparison
from experiments.framework import experiment
from experiments.framework import study

_ROOT = pathlib.Path(experiment.__file__).parents[1]
_SHAPE = {'experiment', 'settings', 'model', 'report', 'compare'}
_FOLDERS = sorted(path.parent.name for path in _ROOT.glob('*/experiment.py'))
_FOLDERS.remove('framework')
_STUDIES = sorted(path.parent.name for path in _ROOT.glob('studies/*/study.py'))


@pytest.mark.parametrize('folder', _FOLDERS)
def test_an_experiment_has_all_its_parts(folder: str) -> None:
  names = {path.stem for path in (_ROOT / folder).glob('*.py')}
  assert names >= _SHAPE
  package = f'experiments.{folder}'
  one = importlib.import_module(f'{package}.experiment').EXPERIMENT
  other = importlib.import_module(f'{package}.compare').COMPARISON
  assert isinstance(one, experiment.Experiment)
  assert isinstance(other, comparison.Comparison)
  assert other.experiment is one
  assert other.default_preset in one.presets
  for program in (one, other):
    assert (_ROOT / f'{program.name}.py').exists()


@pytest.mark.parametrize('folder', _STUDIES)
def test_a_study_has_a_program(folder: str) -> None:
  module = importlib.import_module(f'experiments.studies.{folder}.study')
  assert isinstance(module.STUDY, study.Study)
  assert (_ROOT / f'{module.STUDY.name}.py').exists()


def test_all_folders_are_found() -> None:
  assert len(_FOLDERS) == len(_STUDIES) == 5


@pytest.mark.parametrize('folder', _FOLDERS)
def test_names_in_lists_have_no_commas(folder: str) -> None:
  """A flag of several names is split at the commas."""
  compare = importlib.import_module(f'experiments.{folder}.compare')
  for names in compare.COMPARISON.lists.values():
    assert not [name for name in names.choices if ',' in name]
    assert set(names.default or ()) <= set(names.choices)
