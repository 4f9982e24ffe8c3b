"""What a planted fault is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.testing import behaviour_checks
from tests.testing import exact_checks
from tests.testing import rows

# Used only for faults that the mean does not show.
MEAN_KEPT = (
  exact_checks.check_variance,
  behaviour_checks.check_batch_invariance,
)


class Fault(NamedTuple):
  """A function or method to replace, and who should notice."""

  name: str
  target: Any  # a module or a class
  attribute: str
  make: Callable[[Any], Any]  # from the original
  case: rows.Case
  check: Callable[[rows.Case], None]

  @property
  def keeps_mean(self) -> bool:
    """Whether the estimate stays unbiased, and only this check finds it."""
    return self.check in MEAN_KEPT


def group(
  target: Any, attribute: str, case: rows.Case, *rows_of_group: tuple[Any, ...]
) -> list[Fault]:
  """Returns faults from rows of a name, a maker and a check."""
  return [
    Fault(name, target, attribute, make, case, check)
    for name, make, check in rows_of_group
  ]


def case_of(
  name: str,
  count: int,
  sizes: tuple[int, ...] = (2,),
  options: tuple[tuple[str, Any], ...] | None = None,
) -> rows.Case:
  row = next(
    row
    for row in rows.ROWS
    if row.name == name and options in (None, row.options)
  )
  num_examples = 3 if len(sizes) == 1 else 2
  shared = row.pairs and len(sizes) > 1
  return rows.Case(row, count, sizes, num_examples, shared)
