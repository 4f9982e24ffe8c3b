"""The oracle of real variables: Gauss-Hermite quadrature over their noise.

The integrands are analytic, so that the error falls faster than any power of
the number of nodes. The expected mean is that of the NumPy formulas on a finer
grid, so that the tolerance covers the error of the reference, too.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tests.contract import formulas
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import gaussian_terms
from tests.contract.oracles import oracle

if TYPE_CHECKING:
  from tests.contract import table

# Nodes this improbable are left out: together below 1e-13 of any integral.
_NEGLIGIBLE = 1e-19


@dataclasses.dataclass(frozen=True)
class Quadrature(oracle.Oracle):
  """All sets of K samples on a grid of the noise of a Gaussian model.

  Args:
    kind: see `gaussian_problems.Problem`.
    nodes: of one noise variable.
    finer: nodes of the reference.
    error: of the mean, absolute.
    num_examples: N.
    at_posterior: whether q is p(z | x) exactly.
  """

  kind: str = 'normal'
  nodes: int = 8
  finer: int = 8
  error: float = 1e-12
  num_examples: int = 3
  at_posterior: bool = False

  of_each_value: ClassVar[tuple[float, float]] = (0.0, 1e-12)
  of_each_draw: ClassVar[tuple[float, float]] = (1e-12, 1e-12)
  of_same_value: ClassVar[tuple[float, float]] = (1e-12, 1e-13)
  of_same_gradient: ClassVar[tuple[float, float]] = (1e-12, 1e-12)
  of_variance: ClassVar[float] = 5e-9

  def __str__(self) -> str:
    return self.kind + '-at_posterior' * self.at_posterior

  @property
  def tolerance(self) -> tuple[float, float]:
    """The relative and the absolute error of a mean."""
    return 0.0, self.error

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return 2 if self.kind == 'chain' else 1

  @property
  def problem(self) -> gaussian_problems.Problem:
    """See `oracle.Oracle`."""
    return _problem(self.kind, self.num_examples, self.at_posterior)

  def outcomes(self, row: table.Row, count: int) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    return _grid(self.problem, count, self.nodes, row.symmetric)

  def some(self, row: table.Row, count: int, seed: int = 0) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    del row
    shape = (count, self.num_examples, self.problem.noise_size)
    noise = np.random.default_rng(seed).standard_normal(shape)
    one = np.ones(self.num_examples)
    return oracle.Outcomes(np.arange(self.num_examples), one, noise)

  def exact(self, row: table.Row, count: int) -> oracle.Estimates:
    """See `oracle.Oracle`."""
    own = self.moments_of_formula(row.formula, count, row.symmetric)
    # What MIWAE declares is the mean of two bounds of K / 2 samples: its own.
    bound = {'elbo': formulas.elbo, 'iwae': formulas.iwae}
    declared = row.declared(count)
    if declared == 'iwae' and not row.symmetric:
      declared = None
    gradient = dict(own.mean)
    if declared is not None:
      formula = _attached(bound[declared])
      other = self.moments_of_formula(formula, count, row.symmetric)
      for name in self.problem.groups['posterior']:
        gradient[name] = other.mean[name]
    return oracle.Estimates(own.value, gradient)

  def moments_of_formula(
    self, formula: formulas.Formula, count: int, symmetric: bool
  ) -> oracle.Moments:
    """Returns the moments of a formula on the finer grid."""
    key = (self.kind, self.num_examples, self.at_posterior)
    return _moments_of_formula(formula, key, count, self.finer, symmetric)

  def formula(
    self,
    row: table.Row,
    count: int,
    outcomes: oracle.Outcomes,
    *,
    of_cost: bool = False,
  ) -> oracle.Estimates:
    """See `oracle.Oracle`."""
    del count
    if of_cost:
      raise NotImplementedError
    return by_formula(row.formula, self.problem, outcomes)


def by_formula(
  formula: formulas.Formula,
  problem: gaussian_problems.Problem,
  outcomes: oracle.Outcomes,
) -> oracle.Estimates:
  """Returns the estimates of a formula, in NumPy."""
  terms = gaussian_terms.terms(problem, outcomes.example, outcomes.source)
  return oracle.Estimates(*formulas.estimate(formula, terms))


_attached = functools.cache(formulas.attached)


@functools.cache
def _problem(
  kind: str, num_examples: int, at_posterior: bool
) -> gaussian_problems.Problem:
  if at_posterior:
    return gaussian_problems.at_posterior(kind, num_examples)
  return gaussian_problems.make(kind, num_examples)


@functools.cache
def _moments_of_formula(
  formula: formulas.Formula,
  key: tuple[str, int, bool],
  count: int,
  nodes: int,
  symmetric: bool,
) -> oracle.Moments:
  problem = _problem(*key)
  outcomes = _grid(problem, count, nodes, symmetric)
  return oracle.moments(by_formula(formula, problem, outcomes), outcomes)


@functools.lru_cache(maxsize=4)
def _grid(
  problem: gaussian_problems.Problem,
  num_samples: int,
  nodes: int,
  symmetric: bool,
) -> oracle.Outcomes:
  return grid(problem, num_samples, nodes, symmetric=symmetric)


def grid(
  problem: gaussian_problems.Problem,
  num_samples: int,
  nodes: int,
  *,
  symmetric: bool = False,
) -> oracle.Outcomes:
  """Returns all sets of K samples on a grid of `nodes` per noise variable.

  Args:
    problem: its examples and the noise variables of a sample.
    num_samples: K.
    nodes: of one variable.
    symmetric: whether one order stands for all orders of the K samples, as it
      may for an estimate that does not depend on their order.
  """
  one, weight = _sample_grid(problem.noise_size, nodes)
  one, weight = one[weight > _NEGLIGIBLE], weight[weight > _NEGLIGIBLE]
  count = len(weight)
  if symmetric:
    sets = itertools.combinations_with_replacement(range(count), num_samples)
    index = np.array(list(sets))
    probability = weight[index].prod(1) * _orders(index)
  else:
    index = np.indices((count,) * num_samples).reshape(num_samples, -1).T
    probability = weight[index].prod(1)
  likely = probability > _NEGLIGIBLE
  noise, probability = one[index[likely]], probability[likely]
  examples = problem.num_examples
  return oracle.Outcomes(
    np.repeat(np.arange(examples), len(probability)),
    np.tile(probability, examples),
    np.tile(noise.transpose(1, 0, 2), (1, examples, 1)),
  )


def _sample_grid(size: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns `[S, E]` points and `[S]` probabilities of one sample's noise."""
  point, weight = np.polynomial.hermite_e.hermegauss(nodes)
  index = np.indices((nodes,) * size).reshape(size, -1).T
  return point[index], (weight / weight.sum())[index].prod(1)


def _orders(index: np.ndarray) -> np.ndarray:
  """Returns the number of distinct orders of each row of sorted indices."""
  orders = np.full(len(index), math.factorial(index.shape[1]), float)
  run = np.ones(len(index))
  for before, after in itertools.pairwise(index.T):
    run = np.where(before == after, run + 1, 1)
    orders /= run
  return orders
