"""The contract's table: one row per estimator, and the cases it expands to.

A new estimator is a new `Row`; `tests/contract_test.py` does the rest.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from tests.testing import enumeration
from tests.testing import exact
from tests.testing import problems
import tf_mco


@dataclasses.dataclass(frozen=True)
class Row:
  """How to construct an estimator, and what it claims."""

  name: str
  bound: str  # the reported one, 'elbo' or 'iwae'
  count: str = 'num_samples'  # the option that says how much is drawn
  counts: tuple[int, ...] = (1, 3)  # of a single layer
  chain_counts: tuple[int, ...] = (1, 3)  # of two layers
  options: tuple[tuple[str, Any], ...] = ()
  unbiased_for: str | None = None  # defaults to `bound`
  of_mean: bool = False  # whether it serves `expectation`
  samples_per_count: int = 1  # in the reported bound
  weights_give_bound: bool = True  # whether `log_weights` are all it needs
  pairs: bool = False  # antithetic pairs, else independent samples
  nodes: int = 1  # see `enumeration.antithetic`

  @property
  def declared(self) -> str | None:
    return self.unbiased_for or self.bound


ROWS = (
  Row('reinforce', 'elbo', of_mean=True),
  Row(
    'reinforce_loo', 'elbo', counts=(2, 3), chain_counts=(2, 3), of_mean=True
  ),
  *(
    Row(
      'vimco',
      'iwae',
      counts=(2, 3),
      chain_counts=(2, 3),
      options=(('baseline', baseline),),
    )
    for baseline in ('geometric', 'arithmetic')
  ),
  Row(
    'arm',
    'elbo',
    count='num_pairs',
    chain_counts=(1, 2),  # three pairs in two layers have 14 million draws
    of_mean=True,
    samples_per_count=2,
    pairs=True,
    nodes=2,
  ),
  Row(
    'disarm',
    'elbo',
    count='num_pairs',
    chain_counts=(1, 2, 3),
    of_mean=True,
    samples_per_count=2,
    pairs=True,
  ),
  *(
    Row(
      'local_disarm',
      'iwae',
      count='num_pairs',
      chain_counts=(1, 2, 3),
      options=(('symmetrized', symmetrized),),
      weights_give_bound=not symmetrized,
      pairs=True,
    )
    for symmetrized in (False, True)
  ),
)


# Estimators whose draws cannot be enumerated -> the test file of theirs.
_CONTINUOUS = 'tests/estimators/continuous_behaviour_test.py'
TESTED_ELSEWHERE: dict[str, str] = {
  'aisle': _CONTINUOUS,
  'ciwae': _CONTINUOUS,
  'dreg': _CONTINUOUS,
  'elbo': _CONTINUOUS,
  'grep': 'tests/estimators/corrected_test.py',
  'iwae': _CONTINUOUS,
  'miwae': _CONTINUOUS,
  'piwae': _CONTINUOUS,
  'renyi': _CONTINUOUS,
  'rsvi': 'tests/estimators/corrected_test.py',
  'rws': _CONTINUOUS,
  'rws_dreg': _CONTINUOUS,
  'stl': _CONTINUOUS,
}


@dataclasses.dataclass(frozen=True)
class Case:
  """One estimator on one problem."""

  row: Row
  count: int
  sizes: tuple[int, ...]
  num_examples: int = 3
  shared_randomness: bool = False
  form: str = 'independent'

  def __str__(self) -> str:
    words = [self.row.name, *(str(value) for _, value in self.row.options)]
    words += [f'{self.count}', f'{len(self.sizes)}layers']
    words += ['shared'] * self.shared_randomness
    return '-'.join(words + [self.form] * (self.form != 'independent'))

  @property
  def estimator(self) -> tf_mco.Estimator:
    options = dict(self.row.options) | {self.row.count: self.count}
    if self.shared_randomness:
      options['shared_randomness'] = True
    return tf_mco.get_estimator(self.row.name, **options)

  @property
  def num_samples(self) -> int:
    """K of the reported bound."""
    return self.count * self.row.samples_per_count

  @property
  def evaluations(self) -> int:
    """Calls of log_joint: both halves of each pair, in each layer."""
    return self.count * (2 * len(self.sizes) if self.row.pairs else 1)

  @property
  def problem(self) -> problems.Problem:
    return _problem(self.sizes, self.num_examples, self.form)

  @property
  def outcomes(self) -> enumeration.Outcomes:
    """Every draw of the estimator."""
    kind = (self.row.pairs, self.count, self.shared_randomness, self.row.nodes)
    return _outcomes(self.problem, *kind)

  @property
  def exact(self) -> exact.Exact:
    """The reported bound and its gradient."""
    return _exact(self.problem, self.row.bound, self.num_samples)


@functools.cache
def _problem(
  sizes: tuple[int, ...], num_examples: int, form: str
) -> problems.Problem:
  return problems.toy(sizes, num_examples, form)


@functools.lru_cache(maxsize=2)  # the largest takes 100 MB
def _outcomes(
  problem: problems.Problem,
  pairs: bool,
  count: int,
  shared_randomness: bool,
  nodes: int,
) -> enumeration.Outcomes:
  if not pairs:
    return enumeration.independent(problem, count)
  return enumeration.antithetic(
    problem, count, shared_randomness=shared_randomness, nodes=nodes
  )


@functools.cache
def _exact(
  problem: problems.Problem, bound: str, num_samples: int
) -> exact.Exact:
  if bound == 'elbo':
    return exact.elbo(problem)
  return exact.iwae(problem, num_samples)


def _chain_size(row: Row, count: int) -> tuple[tuple[int, ...], int]:
  """Returns the widths and the number of examples that can be enumerated."""
  if not row.pairs or count == 1:
    return (2, 1), 2
  return (1, 1), 1 if count > 2 else 2


def cases(row: Row) -> list[Case]:
  """Returns the cases of a row, with one and with two layers."""
  result = [Case(row, count, (2,)) for count in row.counts]
  for count in row.chain_counts:
    for shared in (False, True) if row.pairs else (False,):
      sizes, num_examples = _chain_size(row, count)
      result.append(Case(row, count, sizes, num_examples, shared))
  return result


def smallest(row: Row) -> list[Case]:
  """Returns one case of each number of layers, with little to draw."""
  one, two = row.counts[0], row.chain_counts[0]
  return [Case(row, one, (2,)), Case(row, two, (2, 1), 3, row.pairs)]


CASES = [case for row in ROWS for case in cases(row)]
SMALL_CASES = [case for row in ROWS for case in smallest(row)]
