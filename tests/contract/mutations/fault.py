"""Faults to plant in tf_mco, and the check that must find each of them.

A fault is an edit: in a module, the old text is replaced by the new one. The
text must stand in the module exactly once. A fault whose text is gone is an
error, so that no fault is lost when its line is rewritten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.contract import checks
from tests.contract import frequencies
from tests.contract import lost_paths
from tests.contract import table
from tests.contract import transformations
from tests.contract.oracles import enumeration


class Fault(NamedTuple):
  """An edit of a module, and the check that must notice it."""

  name: str
  module: str  # below tf_mco
  old: str
  new: str
  case: Any  # what the check takes
  check: Callable[[Any], None]

  def __str__(self) -> str:
    words = f'{self.case}-{self.name}-{self.check.__name__.lstrip("_")}'
    return words.replace(' ', '_')

  @property
  def keeps_mean(self) -> bool:
    """True if the estimate stays unbiased, so that moments cannot tell."""
    of_batch = self.name == 'baseline of the batch'
    return of_batch or self.check is checks.check_variance


def binary(name: str, count: int, layers: int = 1) -> table.Case:
  row = table.BY_NAME[name]
  sizes, examples = ((2,), 3) if layers == 1 else ((2, 1), 2)
  shared = row.draws == 'pairs' and layers > 1
  known = enumeration.Enumeration(sizes, examples, shared)
  return table.Case(row, count, known)


def drawn(name: str, kind: str = 'normal') -> table.Case:
  return table.drawn(table.BY_NAME[name], kind)


def mean(name: str, kind: str = 'normal') -> table.Case:
  return table.real(table.BY_NAME[name], kind, 2)


MEAN = checks.check_moments
VARIANCE = checks.check_variance
SURROGATE = checks.check_surrogate
BATCH = checks.check_batch_invariance
DRAW = frequencies.check_draw_frequencies
UNIFORM = frequencies.check_uniform
SEEDS = checks.check_seeds
EVALUATIONS = checks.check_evaluations
FORMULA = checks.check_own_draws
MAPPED = transformations.check_mapped
FIRST_ORDER = transformations.check_first_order
LOST = lost_paths.check_lost_path
LOST_MEAN = lost_paths.check_lost_path_of_a_mean

VIMCO = binary('vimco-geometric', 3)
ARITHMETIC = binary('vimco-arithmetic', 3)
LOO = binary('reinforce_loo', 3)
ARM = binary('arm', 1)
DISARM = binary('disarm', 1)
DISARMS = binary('disarm', 3)
LOCAL = binary('local_disarm-False', 3)
SYMMETRIZED = binary('local_disarm-True', 3)
REINFORCE_2 = binary('reinforce', 1, layers=2)
DISARM_2 = binary('disarm', 1, layers=2)
LOCAL_2 = binary('local_disarm-False', 1, layers=2)


def of_module(module: str, *rows: tuple[Any, ...]) -> list[Fault]:
  """Returns the faults in one module: name, old, new, case and check."""
  return [
    Fault(name, module, old, new, case, check)
    for name, old, new, case, check in rows
  ]
