"""Log-weights and bounds of Hamiltonian posteriors have closed forms."""

from __future__ import annotations

import pytest

from tests.support import hamiltonian as cases
from tests.support import hamiltonian_checks as checks


@pytest.mark.parametrize('kind', cases.TEMPERINGS)
@pytest.mark.parametrize('check', ['log_weight', 'mean_weight', 'integrated'])
def test_exact(check: str, kind: str) -> None:
  checks.CHECKS[check](kind)


def test_one_trajectory_computed_by_another_program() -> None:
  checks.check_h2()
