"""The contract's table: one row per estimator, and the cases it expands to.

A new estimator of the registry is one new `Row`. `contract_test.py` runs every
check that applies on it, and `registry_test.py` takes its options from it.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
from typing import Any

from tests.contract import formulas
from tests.contract.oracles import bernoulli_forms
from tests.contract.oracles import closed_form
from tests.contract.oracles import enumeration
from tests.contract.oracles import oracle
from tests.contract.oracles import quadrature
import tf_mco


@dataclasses.dataclass(frozen=True)
class Row:
  """A row says how to construct an estimator, what it claims and computes.

  Args:
    name: in the registry.
    bound: the reported one: 'elbo', 'iwae' or 'other'.
    formula: what it computes from one draw, in NumPy.
    draws: what it draws, and hence which oracles know it. 'score': samples of
      any kind, without a gradient; 'path': samples with their gradient;
      'pairs': antithetic pairs of binary paths; 'noise': the noise of Gamma
      variables.
    options: of the constructor, beside the number of samples.
    counts: K, or the number of pairs, of a single layer of binary variables.
    chain_counts: the same for two layers.
    unbiased_for: a bound, or a function of K that returns one or None.
    of_mean: whether it serves `expectation`.
    attached: whether the loss is minus the bound with its whole derivative, of
      any order.
    symmetric: whether the order of the samples means nothing.
    zero_at_one: whether the posterior's mean gradient is zero at K = 1.
    samples_per_count: the samples in the reported bound for one of `counts`.
    num_bounds: the number of bounds whose mean is reported.
    weights_give_bound: whether the bound is a function of `log_weights`.
    nodes: see `enumeration.antithetic`.
    label: what tells this row from others of its name.
  """

  name: str
  bound: str
  formula: Any  # a formulas.Formula, or a formulas.PairFormula
  draws: str = 'path'
  options: tuple[tuple[str, Any], ...] = ()
  counts: tuple[int, ...] = (1, 3)
  chain_counts: tuple[int, ...] = (1, 3)
  unbiased_for: str | Callable[[int], str | None] | None = 'bound'
  of_mean: bool = False
  attached: bool = False
  symmetric: bool = True
  zero_at_one: bool = False
  samples_per_count: int = 1
  num_bounds: int = 1
  weights_give_bound: bool = True
  nodes: int = 1
  label: str = ''

  def __str__(self) -> str:
    return self.name + f'-{self.label}' * bool(self.label)

  def declared(self, count: int) -> str | None:
    """Returns the `unbiased_for` that the estimator must have."""
    if callable(self.unbiased_for):
      return self.unbiased_for(count)
    return self.bound if self.unbiased_for == 'bound' else self.unbiased_for

  @property
  def stopped(self) -> bool:
    """True if the samples carry no gradient."""
    return self.draws != 'path'

  @property
  def differentiates(self) -> bool:
    """True if log_joint must have a gradient in the samples."""
    return self.draws in ('path', 'noise')

  @property
  def size(self) -> str:
    """The option that says how much is drawn."""
    if 'num_bounds' in dict(self.options):
      return 'num_samples_per_bound'
    return 'num_pairs' if self.draws == 'pairs' else 'num_samples'

  def make(self, count: int, **options: Any) -> tf_mco.Estimator:
    """Returns the estimator of K samples, or of so many pairs."""
    sizes = {self.size: count}
    if not self.symmetric:
      sizes = {'num_bounds': 2, 'num_samples_per_bound': count // 2}
    return tf_mco.get_estimator(
      self.name, **sizes, **dict(self.options), **options
    )


def _elbo_of_one(count: int) -> str | None:
  return 'elbo' if count == 1 else None


def _elbo_of_pairs(count: int) -> str | None:
  """Two bounds of one sample each are two ELBOs."""
  return 'elbo' if count == 2 else None


_SCORED = {'draws': 'score', 'unbiased_for': None, 'zero_at_one': True}


def _aisle(
  divergence: Any, path: formulas.Factor, score: formulas.Factor
) -> list[Row]:
  """Returns the two rows of one divergence."""
  options = (('divergence', divergence),)
  return [
    Row(
      'aisle',
      'iwae',
      formulas.importance(path, formulas.nothing),
      options=options,
      unbiased_for=_elbo_of_one if divergence == 'kl' else None,
      label=f'{divergence}',
    ),
    Row(
      'aisle',
      'iwae',
      formulas.importance(formulas.nothing, score),
      options=(*options, ('reparameterized', False)),
      label=f'{divergence}-score',
      **_SCORED,
    ),
  ]


_PAIRS = {'draws': 'pairs', 'chain_counts': (1, 2, 3)}
_BOTH = {'of_mean': True, 'samples_per_count': 2, 'bound': 'elbo'}
_ATTACHED = {'attached': True}
_GROUPED = {'symmetric': False, 'counts': (2, 4)}
_NOISE = {'draws': 'noise', 'counts': (1,), 'of_mean': True}

ROWS = (
  # Scores of independent samples, of any kind of variable.
  Row('reinforce', 'elbo', formulas.reinforce, 'score', of_mean=True),
  Row(
    'reinforce_loo',
    'elbo',
    formulas.reinforce_loo,
    'score',
    counts=(2, 3),
    chain_counts=(2, 3),
    of_mean=True,
  ),
  *(
    Row(
      'vimco',
      'iwae',
      formulas.vimco(mean),
      'score',
      options=(('baseline', baseline),),
      counts=(2, 3),
      chain_counts=(2, 3),
      label=baseline,
    )
    for baseline, mean in (
      ('geometric', formulas.geometric),
      ('arithmetic', formulas.log_mean_exp),
    )
  ),
  # Antithetic pairs of binary variables.
  Row(
    'arm',
    formula=formulas.arm,
    nodes=2,
    # Three pairs in two layers have 14 million draws.
    **{**_PAIRS, **_BOTH, 'chain_counts': (1, 2)},
  ),
  Row('disarm', formula=formulas.disarm, **_PAIRS, **_BOTH),
  *(
    Row(
      'local_disarm',
      'iwae',
      formulas.local_disarm(symmetrized=symmetrized),
      options=(('symmetrized', symmetrized),),
      weights_give_bound=not symmetrized,
      label=str(symmetrized),
      **_PAIRS,
    )
    for symmetrized in (False, True)
  ),
  # Samples with their gradient.
  Row(
    'elbo',
    'elbo',
    formulas.attached(formulas.elbo),
    of_mean=True,
    **_ATTACHED,
  ),
  Row('iwae', 'iwae', formulas.attached(formulas.iwae), **_ATTACHED),
  Row(
    'stl',
    'iwae',
    formulas.importance(formulas.weight, formulas.nothing),
    unbiased_for=_elbo_of_one,
  ),
  Row(
    'dreg',
    'iwae',
    formulas.importance(lambda wt, k: wt**2, formulas.nothing),
  ),
  Row(
    'rws_dreg',
    'iwae',
    formulas.importance(lambda wt, k: wt - wt**2, formulas.nothing),
    unbiased_for=None,
    zero_at_one=True,
  ),
  Row(
    'rws',
    'iwae',
    formulas.importance(formulas.nothing, formulas.weight),
    **_SCORED,
  ),
  *_aisle('kl', formulas.weight, formulas.weight),
  *_aisle('chi2', lambda wt, k: 2 * k * wt**2, lambda wt, k: k * wt**2),
  *_aisle(1.5, formulas.power(1.5, 1.5), formulas.power(1.5, 1)),
  *_aisle(3, formulas.power(3, 3), formulas.power(3, 1)),
  Row(
    'miwae',
    'iwae',
    formulas.attached(formulas.miwae),
    num_bounds=2,
    weights_give_bound=False,
    **_GROUPED,
    **_ATTACHED,
  ),
  Row('piwae', 'iwae', formulas.piwae, unbiased_for=_elbo_of_pairs, **_GROUPED),
  Row(
    'ciwae',
    'other',
    formulas.attached(formulas.ciwae),
    options=(('beta', 0.3),),
    unbiased_for=_elbo_of_one,
    **_ATTACHED,
  ),
  Row(
    'renyi',
    'other',
    formulas.attached(formulas.renyi),
    options=(('alpha', 0.6),),
    unbiased_for=_elbo_of_one,
    **_ATTACHED,
  ),
  # The noise of Gamma variables.
  *(
    Row(
      'rsvi',
      'elbo',
      None,
      options=(('augmentation', size),),
      label=str(size),
      **_NOISE,
    )
    for size in (0, 1)
  ),
  Row('grep', 'elbo', None, **_NOISE),
)

BY_NAME = {str(row): row for row in ROWS}


@dataclasses.dataclass(frozen=True)
class Case:
  """One estimator on the problem of one oracle."""

  row: Row
  count: int
  oracle: oracle.Oracle

  def __str__(self) -> str:
    return f'{self.row}-{self.count}-{self.oracle}'

  @property
  def estimator(self) -> tf_mco.Estimator:
    """The estimator."""
    return self.row.make(self.count, **self.oracle.options)

  @property
  def problem(self) -> oracle.Problem:
    """The examples."""
    return self.oracle.problem

  @property
  def num_samples(self) -> int:
    """The samples in the reported bound, K."""
    return self.count * self.row.samples_per_count // self.row.num_bounds

  @property
  def evaluations(self) -> int:
    """The calls of log_joint: both halves of each pair, in each layer."""
    pairs = self.row.draws == 'pairs'
    return self.count * (2 * self.oracle.num_layers if pairs else 1)

  @property
  def outcomes(self) -> oracle.Outcomes:
    """Every draw, with its probability."""
    return self.oracle.outcomes(self.row, self.count)

  @property
  def exact(self) -> oracle.Estimates:
    """The mean that the estimator must have."""
    return self.oracle.exact(self.row, self.count)

  def some(self, seed: int = 0) -> oracle.Outcomes:
    """Returns one draw of each example."""
    return self.oracle.some(self.row, self.count, seed)

  def estimates(
    self, outcomes: oracle.Outcomes, *, of_cost: bool = False
  ) -> oracle.Estimates:
    """Returns what the estimator makes of given draws."""
    return oracle.estimates(
      self.estimator,
      self.problem,
      outcomes,
      stopped=self.row.stopped,
      of_cost=of_cost,
    )


@functools.lru_cache(maxsize=2)
def every_estimate(case: Case, *, of_cost: bool = False) -> oracle.Estimates:
  """Returns the estimates of every draw: several checks look at them.

  `mutation_test.py` empties this cache before and after it plants a fault.
  """
  return case.estimates(case.outcomes, of_cost=of_cost)


# Binary variables.


def _chain_size(row: Row, count: int) -> tuple[tuple[int, ...], int]:
  """Returns the widths and the number of examples that can be enumerated."""
  if row.draws != 'pairs' or count == 1:
    return (2, 1), 2
  return (1, 1), 1 if count > 2 else 2


def _binary(row: Row) -> list[Case]:
  """Returns the cases of a row, with one and with two layers."""
  if row.declared(2) is None:  # rws and aisle
    sizes = [(1, (2,)), (2, (2,)), (3, (2,)), (1, (2, 1)), (2, (2, 1))]
    return [Case(row, k, enumeration.Enumeration(size)) for k, size in sizes]
  cases = [Case(row, count, enumeration.Enumeration()) for count in row.counts]
  for count in row.chain_counts:
    for shared in (False, True) if row.draws == 'pairs' else (False,):
      of_chain = enumeration.Enumeration(*_chain_size(row, count), shared)
      cases.append(Case(row, count, of_chain))
  return cases


def small(row: Row) -> list[Case]:
  """Returns one binary case of each number of layers, with little to draw."""
  one, two = row.counts[0], row.chain_counts[0]
  of_chain = enumeration.Enumeration((2, 1), 3, row.draws == 'pairs')
  return [Case(row, one, enumeration.Enumeration()), Case(row, two, of_chain)]


_ENUMERATED = [row for row in ROWS if row.draws in ('score', 'pairs')]
# The rows whose mean is that of a bound.
BINARY_ROWS = [row for row in _ENUMERATED if row.declared(2) is not None]
BINARY = [case for row in _ENUMERATED for case in _binary(row)]
SMALL = [case for row in BINARY_ROWS for case in small(row)]


def _in_other_forms() -> list[Case]:
  """Returns cases of posteriors that are written otherwise.

  One row of each way to use the posterior: scores, and the logits of pairs.
  """
  cases = []
  for name in ('reinforce_loo', 'arm', 'disarm', 'local_disarm-True'):
    row = BY_NAME[name]
    for form in bernoulli_forms.FORMS:
      sizes = (1, 1) if form == 'scalar' else (2, 1)
      for layers, count in ((1, row.counts[0]), (2, row.chain_counts[0])):
        written = enumeration.Enumeration(sizes[:layers], 2, False, form)
        cases.append(Case(row, count, written))
  return [case for case in cases if case.oracle.form != 'independent']


OTHER_FORMS = _in_other_forms()

# The ends of ranges of options, where a row is another row.
_END_ROWS = [
  Row(
    name,
    bound,
    formulas.attached(getattr(formulas, bound)),
    options=((option, value),),
    label=f'{option}={value}',
  )
  for name, option, value, bound in (
    ('ciwae', 'beta', 0, 'iwae'),
    ('ciwae', 'beta', 1.0, 'elbo'),
    ('renyi', 'alpha', 0.0, 'iwae'),
    ('miwae', 'num_bounds', 1, 'iwae'),
    ('piwae', 'num_bounds', 1, 'iwae'),
  )
]

# The other rows draw by the same lines as one of these.
DRAWN_ALIKE = [
  BY_NAME[name] for name in ('reinforce', 'vimco-geometric', 'disarm')
]


# Real variables.

# For each kind and K: nodes, nodes of the reference, error and examples. At
# K = 1 the integrands are polynomials, and the nodes exact.
_GRIDS = {
  ('normal', 1): (8, 9, 1e-12, 3),
  ('normal', 2): (28, 32, 1e-12, 3),
  ('normal', 3): (24, 28, 1e-11, 3),
  ('normal', 4): (12, 14, 1e-9, 3),
  ('tril', 1): (5, 6, 1e-12, 3),
  ('tril', 2): (11, 12, 1e-8, 2),
  ('chain', 1): (6, 7, 1e-12, 3),
  ('chain', 2): (14, 15, 1e-9, 2),
  # One order of the samples stands for all: 1e-8 in reasonable time.
  ('chain', 3): (9, 9, 1e-8, 1),
}
KINDS = ('normal', 'scalar', 'tril', 'chain')


def real(row: Row, kind: str, count: int) -> Case:
  """Returns the case of a row on a grid that is fine enough."""
  nodes, finer, error, examples = _GRIDS[kind, count]
  grid = quadrature.Quadrature(kind, nodes, finer, error, examples)
  return Case(row, count, grid)


def drawn(row: Row, kind: str, count: int = 4) -> Case:
  """Returns the case of a row whose samples are drawn, without a grid."""
  return Case(row, count, quadrature.Quadrature(kind))


def _means(row: Row) -> list[Case]:
  counts = (1, 2, 3) if row.symmetric else row.counts
  return [
    real(row, kind, count)
    for kind, count in _GRIDS
    if count in counts
    and (kind, count) != ('chain', 3)
    and (row.declared(count) or kind == 'normal')
  ]


# The other rows that draw samples are enumerated.
REAL_ROWS = [
  row
  for row in ROWS
  if row.draws in ('path', 'score') and row not in BINARY_ROWS
]
INTEGRATED = [case for row in REAL_ROWS for case in _means(row)]
# The variances of a chain are known of estimators without a bound, too.
CHAIN_VARIANCES = [
  real(row, 'chain', 2) for row in REAL_ROWS if row.declared(2) is None
]
ENDS = [real(row, 'normal', count) for row in _END_ROWS for count in (1, 2)]
# Rows that are the ELBO with one sample, or nothing but a score.
_OF_ONE = (
  *('elbo', 'iwae', 'dreg', 'stl', 'aisle-kl', 'ciwae', 'renyi'),
  *('rws', 'aisle-kl-score', 'aisle-3-score'),
)
CLOSED = [
  Case(BY_NAME[name], 1, closed_form.GaussianElbo(kind, nodes))
  for name in _OF_ONE
  for kind, nodes in (('normal', 8), ('tril', 5), ('chain', 6))
]
DRAWN = [
  drawn(row, kind)
  for row in ROWS
  for kind in KINDS
  if row in REAL_ROWS or (row.draws == 'score' and kind == 'normal')
]

# Gamma variables.


def _gamma(row: Row, function: str) -> Case:
  options: dict[str, Any] = {}
  if ('augmentation', 0) in row.options:
    # The noise is bounded below, at a place that moves with alpha; the density
    # there vanishes fast enough only for a larger alpha.
    options = {'alphas': (2.5, 30.0), 'rates': (4.0, 1.0)}
  return Case(row, 1, closed_form.GammaNoise(function=function, **options))


GAMMA = [
  _gamma(row, function)
  for row in ROWS
  if row.draws == 'noise'
  for function in ('square', 'log')
]
