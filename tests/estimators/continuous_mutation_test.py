"""Faults planted behind the continuous estimators: every one is found.

A check that passes with a fault in place tests nothing.
"""

from __future__ import annotations

import pytest

from tests.testing import continuous_contract as contract
from tests.testing import continuous_faults as faults
from tests.testing import continuous_faulty as faulty
from tests.testing import continuous_rows
from tf_mco.estimators import pathwise


@pytest.mark.parametrize('fault', faults.FAULTS, ids=str)
def test_fault_is_found(
  fault: faults.Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
  fault.run()
  _plant(fault, monkeypatch)
  with pytest.raises(AssertionError):
    fault.run()


def _plant(fault: faults.Fault, monkeypatch: pytest.MonkeyPatch) -> None:
  original = getattr(fault.target, fault.attribute)
  monkeypatch.setattr(fault.target, fault.attribute, fault.make(original))


def test_mean_alone_does_not_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
  """IWAE in place of DReG keeps every mean."""
  (fault,) = [
    fault for fault in faults.FAULTS if fault.check == contract.check_variance
  ]
  _plant(fault, monkeypatch)
  contract.check_mean(continuous_rows.BY_NAME[fault.row], fault.kind)


@pytest.mark.parametrize('kind', ['normal', 'tril', 'chain'])
@pytest.mark.parametrize('row', ['stl', 'dreg', 'aisle-3'])
def test_rewritten_surrogate_without_a_fault(
  row: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
  """The faults are what their options say, and nothing else."""
  monkeypatch.setattr(pathwise, 'surrogate', faulty.pathwise())
  for check in (
    contract.check_formula,
    contract.check_surrogate,
    contract.check_batch_invariance,
  ):
    check(continuous_rows.BY_NAME[row], kind)
