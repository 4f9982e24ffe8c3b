"""Every module of tf_mco has a test: at the same path, or in the contract."""

from __future__ import annotations

import pathlib

import pytest

import tests.contract
from tests.contract import table
import tf_mco

_TESTS = pathlib.Path(tests.contract.__file__).parents[1]
_LIBRARY = pathlib.Path(tf_mco.__file__).parent

# A module without a test of its own -> where it is tested, or why it is not.
_ELSEWHERE = {
  '_tfp': 'It holds one import.',
  'types': 'It holds types; every test of the contract makes them.',
  'distributions/log_space': 'A base class; gamma_test and beta_test.',
  'distributions/numerics/gamma_noise': 'The contract: rsvi and grep.',
  'diagnostics/moments': 'statistics_test: both passes, and their merge.',
  'layers/heads/beta': 'positive_test has a table of four families.',
  'layers/heads/dirichlet': 'positive_test has a table of four families.',
  'layers/heads/gamma': 'positive_test has a table of four families.',
  'layers/heads/prior': 'A protocol; the tests of the heads have the priors.',
  'evaluation/active_units': 'tests/experiments/iwae/active_units_test.',
}


def _modules() -> list[str]:
  """Returns the modules below tf_mco, without their suffix."""
  paths = (path.relative_to(_LIBRARY) for path in _LIBRARY.rglob('*.py'))
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


@pytest.mark.parametrize('module', _modules())
def test_module_has_a_test(module: str) -> None:
  mirror = _TESTS / f'{module}_test.py'
  others = module in _in_the_contract(), module in _ELSEWHERE
  assert mirror.exists() or any(others), f'{mirror} is missing'
  assert not (mirror.exists() and module in _ELSEWHERE), 'no exception any more'


def test_every_exception_is_a_module() -> None:
  assert set(_ELSEWHERE) <= set(_modules())
