"""The exact variances of all estimators are the recorded ones."""

from __future__ import annotations

import pytest

from tests.testing import exact_checks
from tests.testing import reference
from tests.testing import rows

_CASES = rows.SMALL_CASES + [rows.Case(row, 3, (2,)) for row in rows.ROWS]


@pytest.mark.parametrize('case', _CASES, ids=str)
def test_variance(case: rows.Case) -> None:
  exact_checks.check_variance(case)


def test_every_recorded_variance_is_tested() -> None:
  assert set(reference.VARIANCES) == {str(case) for case in _CASES}
