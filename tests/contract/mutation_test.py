"""The named check finds every fault that is planted in tf_mco.

A check that passes with a fault in place tests nothing. Some faults keep the
mean, so that the exact moments cannot tell; variance or batch invariance does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
from typing import Any

import pytest

from tests.contract import checks
from tests.contract import mutations
from tests.contract import planting
from tests.contract import table
from tests.support import hamiltonian_checks


@contextlib.contextmanager
def _planted(fault: mutations.Fault) -> Iterator[None]:
  table.every_estimate.cache_clear()
  with planting.planted(f'tf_mco.{fault.module}', fault.old, fault.new):
    yield
  table.every_estimate.cache_clear()


@pytest.mark.parametrize('fault', mutations.FAULTS, ids=str)
def test_fault_is_found(fault: mutations.Fault) -> None:
  with _planted(fault), pytest.raises(AssertionError):
    fault.check(fault.case)


@pytest.mark.parametrize(
  'fault', [fault for fault in mutations.FAULTS if fault.keeps_mean], ids=str
)
def test_mean_alone_does_not_find_it(fault: mutations.Fault) -> None:
  with _planted(fault):
    checks.check_moments(fault.case)


def _controls() -> dict[tuple[str, Any, Callable], None]:
  """Returns module, case and check of every fault, each once.

  The differences of Hamiltonian bounds take long, and
  `tests/posteriors/hamiltonian/gradients_test.py` runs the same check.
  """
  return {
    (fault.module, fault.case, fault.check): None
    for fault in mutations.FAULTS
    if fault.check is not hamiltonian_checks.check_differences
  }


@pytest.mark.parametrize(
  ('module', 'case', 'check'),
  _controls(),
  ids=lambda value: getattr(value, '__name__', str(value)),
)
def test_the_original_source_has_no_fault(
  module: str, case: Any, check: Callable[[Any], None]
) -> None:
  """The module runs from its own source, compiled like a fault's."""
  line = next(f.old for f in mutations.FAULTS if f.module == module)
  with planting.planted(f'tf_mco.{module}', line, line):
    table.every_estimate.cache_clear()
    check(case)


def test_a_text_that_is_gone_is_an_error() -> None:
  for old in ('no such text in this file', 'tf.'):
    with pytest.raises(LookupError, match='exactly once. It stands there'):
      with planting.planted('tf_mco.ops.gradients', old, 'x'):
        pass
  with pytest.raises(LookupError, match='bodies of functions'):
    with planting.planted(
      'tf_mco.estimators.aisle', '_NAMED = (', '_NAMED  = ('
    ):
      pass
  with pytest.raises(LookupError, match='bodies of functions'):
    with planting.planted(
      'tf_mco.estimators.aisle', 'num_samples: int = 5', 'num_samples: int = 6'
    ):
      pass


def test_the_code_is_restored() -> None:
  fault = mutations.FAULTS[0]
  with pytest.raises(ZeroDivisionError):
    with planting.planted(f'tf_mco.{fault.module}', fault.old, fault.new):
      raise ZeroDivisionError
  fault.check(fault.case)
