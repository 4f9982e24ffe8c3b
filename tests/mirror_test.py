"""Every module has a test: at the same path, or in the place that is named."""

from __future__ import annotations

import pathlib

import pytest

import experiments
import tests.contract
from tests.contract import table

_TESTS = pathlib.Path(tests.contract.__file__).parents[1]
_ROOT = pathlib.Path(experiments.__file__).parents[1]

# A module of tf_mco without a test of its own -> where it is tested, or why.
_ELSEWHERE = {
  '_tfp': 'It holds imports.',
  'types': 'It holds types; every test of the contract makes them.',
  'diagnostics/moments': 'statistics_test: both passes, and their merge.',
  'distributions/log_space': 'A base class; gamma_test and beta_test.',
  'distributions/numerics/gamma_noise': 'The contract: rsvi and grep.',
  'evaluation/active_units': 'tests/experiments/iwae/active_units_test.',
  'layers/heads/beta': 'positive_test has a table of four families.',
  'layers/heads/dirichlet': 'positive_test has a table of four families.',
  'layers/heads/gamma': 'positive_test has a table of four families.',
  'layers/heads/prior': 'A protocol; the tests of the heads have the priors.',
}
# The same for experiments. The tests of a room's `experiment` or `study` run
# all of its modules, and need no entry.
_OF_EXPERIMENTS = {
  'data/atomic_file': 'array_cache_test: a file that is not finished.',
  'data/corpus_files': 'corpora_test reads small files of every format.',
  'data/synthetic_corpus': 'corpora_test.',
  'data/tfds_images': 'datasets_test.',
  'figures/style': 'plots_test.',
  'figures/tiles': 'plots_test.',
}
_RUN_ALL = ('experiment_test.py', 'study_test.py')


def _modules(package: str) -> list[str]:
  """Returns the modules below a package, without their suffix."""
  folder = _ROOT / package
  paths = (path.relative_to(folder) for path in folder.rglob('*.py'))
  return sorted(
    path.with_suffix('').as_posix()
    for path in paths
    if path.name != '__init__.py'
  )


def _in_the_contract() -> set[str]:
  """Returns the modules of the classes of every estimator in the table."""
  classes = {
    cls for row in table.ROWS for cls in type(row.make(2)).__mro__[:-1]
  }
  names = {cls.__module__ for cls in classes}
  return {
    name.removeprefix('tf_mco.').replace('.', '/')
    for name in names
    if name.startswith('tf_mco.')
  }


@pytest.mark.parametrize('module', _modules('tf_mco'))
def test_module_has_a_test(module: str) -> None:
  mirror = _TESTS / f'{module}_test.py'
  elsewhere = module in _in_the_contract() or module in _ELSEWHERE
  assert mirror.exists() or elsewhere, f'{mirror} is missing'
  assert not (mirror.exists() and module in _ELSEWHERE), 'no exception any more'


@pytest.mark.parametrize(
  'module', [m for m in _modules('experiments') if '/' in m]
)
def test_module_of_experiments_has_a_test(module: str) -> None:
  """Programs, which stand in no room, are `framework/shape_test`'s."""
  mirror = _TESTS / 'experiments' / f'{module}_test.py'
  room = [(mirror.parent / name).exists() for name in _RUN_ALL]
  listed = module in _OF_EXPERIMENTS
  assert mirror.exists() or any(room) or listed, f'{mirror} is missing'
  assert not (mirror.exists() and listed), 'no exception any more'


def test_every_exception_is_a_module() -> None:
  assert set(_ELSEWHERE) <= set(_modules('tf_mco'))
  assert set(_OF_EXPERIMENTS) <= set(_modules('experiments'))
