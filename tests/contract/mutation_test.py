"""Faults planted in tf_mco: the checks of the contract find every one.

A check that passes with a fault in place tests nothing. Some faults keep the
mean, and the exact moments cannot tell; variance or batch invariance does.
"""

from __future__ import annotations

import pytest

from tests.testing import exact_checks
from tests.testing import fault as fault_lib
from tests.testing import faults
from tests.testing import faulty
from tests.testing import rows
from tf_mco.estimators import vimco


def _name(fault: fault_lib.Fault) -> str:
  words = f'{fault.case}-{fault.name}-{fault.check.__name__}'
  return words.replace(' ', '_')


every_fault = pytest.mark.parametrize('fault', faults.FAULTS, ids=_name)


def _plant(fault: fault_lib.Fault, monkeypatch: pytest.MonkeyPatch) -> None:
  original = getattr(fault.target, fault.attribute)
  monkeypatch.setattr(fault.target, fault.attribute, fault.make(original))


@every_fault
def test_fault_is_found(
  fault: fault_lib.Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
  fault.check(fault.case)
  _plant(fault, monkeypatch)
  with pytest.raises(AssertionError):
    fault.check(fault.case)


@pytest.mark.parametrize(
  'fault', [fault for fault in faults.FAULTS if fault.keeps_mean], ids=_name
)
def test_mean_alone_does_not_find_it(
  fault: fault_lib.Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
  _plant(fault, monkeypatch)
  exact_checks.check_all_moments(fault.case)


@pytest.mark.parametrize(
  'case', [case for case in rows.CASES if case.row.name == 'vimco'], ids=str
)
def test_rewritten_vimco_without_a_fault(
  case: rows.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
  """The faults in VIMCO are what their options say, and nothing else."""
  monkeypatch.setattr(vimco, '_surrogate', faulty.vimco_right(None))
  exact_checks.check_all_moments(case)
