"""The oracle of binary variables: every possible draw, and every state.

Draws and bounds are written without the code of tf_mco. They follow from the
definition of each, one uniform number or one sum over states at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tests.contract import formulas
from tests.contract.oracles import binary_problems
from tests.contract.oracles import oracle
from tf_mco import types

if TYPE_CHECKING:
  from tests.contract import table


@dataclasses.dataclass(frozen=True)
class Enumeration(oracle.Oracle):
  """All draws on the binary toy problem.

  Args:
    sizes: the binary variables of each stochastic layer.
    num_examples: N.
    shared_randomness: whether the halves of a pair continue with the same
      uniform numbers above the antithetic layer.
    form: how the posterior is written, a key of `bernoulli_forms.FORMS`.
  """

  sizes: tuple[int, ...] = (2,)
  num_examples: int = 3
  shared_randomness: bool = False
  form: str = 'independent'

  def __str__(self) -> str:
    words = [f'{len(self.sizes)}layers']
    words += ['shared'] * self.shared_randomness
    return '-'.join(words + [self.form] * (self.form != 'independent'))

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return len(self.sizes)

  @property
  def options(self) -> dict[str, Any]:
    """The options that the estimator needs on this problem."""
    return {'shared_randomness': True} if self.shared_randomness else {}

  @property
  def problem(self) -> binary_problems.Problem:
    """See `oracle.Oracle`."""
    return _problem(self.sizes, self.num_examples, self.form)

  def outcomes(self, row: table.Row, count: int) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    kind = (row.draws == 'pairs', count, self.shared_randomness, row.nodes)
    return _outcomes(self.problem, *kind)

  def some(self, row: table.Row, count: int, seed: int = 0) -> oracle.Outcomes:
    """See `oracle.Oracle`."""
    every = self.outcomes(row, count)
    rng = np.random.default_rng(seed)
    picked = []
    for example in range(self.num_examples):
      rows = np.flatnonzero(every.example == example)
      chance = every.probability[rows]
      picked.append(rng.choice(rows, p=chance / chance.sum()))
    return oracle.take(every, np.array(picked))

  def exact(self, row: table.Row, count: int) -> oracle.Estimates:
    """See `oracle.Oracle`. Of no bound, the mean of the row's formula."""
    num_samples = count * row.samples_per_count
    exact = _exact_bound(self.problem, row.bound, num_samples)
    if row.declared(count) is not None:
      assert row.declared(count) == row.bound, 'no exact gradient is known'
      return exact
    outcomes = self.outcomes(row, count)
    found = oracle.moments(self.formula(row, count, outcomes), outcomes)
    posterior = {
      name: found.mean[name] for name in self.problem.groups['posterior']
    }
    return exact._replace(gradient={**exact.gradient, **posterior})

  def exact_cost(self) -> oracle.Estimates:
    """Returns E_q[cost(z)] and its gradient, as a sum over all states."""

    def value(parameters: oracle.Parameters) -> tf.Tensor:
      states = _states(self.problem)
      log_q = _log_q(self.problem, parameters, states)
      function = binary_problems.cost(parameters, states)
      return tf.reduce_sum(tf.exp(log_q) * function, 0)

    return _differentiate(self.problem, value)

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
    if row.draws == 'pairs':
      return self._formula_of_pairs(row, outcomes, of_cost)
    path = outcomes.source.samples
    terms = self.problem.terms(outcomes.example, path, of_cost=of_cost)
    return oracle.Estimates(*formulas.estimate(row.formula, terms))

  def _formula_of_pairs(
    self, row: table.Row, outcomes: oracle.Outcomes, of_cost: bool
  ) -> oracle.Estimates:
    """Returns the sum over layers; the bound is that of the first."""
    total: oracle.Gradient = {}

    def add(values: oracle.Gradient, coefficient: Any = 1.0) -> None:
      for name, value in values.items():
        trailing = (1,) * (value.ndim - np.ndim(coefficient))
        scale = np.reshape(coefficient, np.shape(coefficient) + trailing)
        total[name] = total.get(name, 0.0) + (scale * value).sum(0)

    bounds = []
    for layer, pair in enumerate(outcomes.source.pairs):
      both = [
        self.problem.terms(outcomes.example, path, of_cost=of_cost)
        for path in (pair.path, pair.antithetic)
      ]
      logits = self.problem.logits_of_path(outcomes.example, pair.path)[layer]
      bits = (pair.path[layer], pair.antithetic[layer])
      found = row.formula(formulas.PairTerms(*both, bits, pair.uniform, logits))
      add(binary_problems.in_parameters(layer, pair.path, found.logits))
      for terms, half in zip(both, found.halves, strict=False):
        add(terms.score, half.score / self.num_layers)
        add(terms.model, half.model / self.num_layers)
      bounds.append(sum(half.bound for half in found.halves))
    return oracle.Estimates(bounds[0], total)


@functools.cache
def _problem(
  sizes: tuple[int, ...], num_examples: int, form: str
) -> binary_problems.Problem:
  return binary_problems.toy(sizes, num_examples, form)


@functools.lru_cache(maxsize=2)  # the largest takes 100 MB
def _outcomes(
  problem: binary_problems.Problem,
  pairs: bool,
  count: int,
  shared_randomness: bool,
  nodes: int,
) -> oracle.Outcomes:
  if not pairs:
    return independent(problem, count)
  return antithetic(
    problem, count, shared_randomness=shared_randomness, nodes=nodes
  )


@functools.cache
def _exact_bound(
  problem: binary_problems.Problem, bound: str, num_samples: int
) -> oracle.Estimates:
  if bound == 'elbo':
    return exact_elbo(problem)
  return exact_iwae(problem, num_samples)


def exact_elbo(problem: binary_problems.Problem) -> oracle.Estimates:
  """Returns E_q[log p(x, z) - log q(z | x)] as a sum over all states."""

  def value(parameters: oracle.Parameters) -> tf.Tensor:
    states = _states(problem)
    log_q = _log_q(problem, parameters, states)
    log_w = problem.function(parameters, states) - log_q
    return tf.reduce_sum(tf.exp(log_q) * log_w, 0)

  return _differentiate(problem, value)


def exact_iwae(
  problem: binary_problems.Problem, num_samples: int
) -> oracle.Estimates:
  """Returns L_K, a sum over all sets of K states."""

  def value(parameters: oracle.Parameters) -> tf.Tensor:
    states = _states(problem)
    log_q = _log_q(problem, parameters, states)
    log_w = problem.function(parameters, states) - log_q
    indices = range(states[0].shape[0])
    sets = tf.constant(list(itertools.product(indices, repeat=num_samples)))
    bound = tf.reduce_logsumexp(tf.gather(log_w, sets), 1)
    probability = tf.exp(tf.reduce_sum(tf.gather(log_q, sets), 1))
    return tf.reduce_sum(probability * (bound - math.log(num_samples)), 0)

  return _differentiate(problem, value)


def _states(problem: binary_problems.Problem) -> tuple[tf.Tensor, ...]:
  """Returns all S paths, `[S, N, D]` per layer."""
  bits = np.array(
    list(itertools.product([0.0, 1.0], repeat=sum(problem.sizes)))
  )
  bits = np.repeat(bits[:, None], problem.num_examples, 1)
  return tuple(tf.split(tf.constant(bits), problem.sizes, -1))


def _log_q(
  problem: binary_problems.Problem,
  parameters: oracle.Parameters,
  states: tuple[tf.Tensor, ...],
) -> tf.Tensor:
  log_q = tf.zeros([], tf.float64)
  for layer, z in enumerate(states):
    logits = problem.logits(parameters, states[:layer])
    log_q += tf.reduce_sum(tf.math.log_sigmoid((2 * z - 1) * logits), -1)
  return log_q


def _differentiate(
  problem: binary_problems.Problem,
  value_fn: Callable[[oracle.Parameters], tf.Tensor],
) -> oracle.Estimates:
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    value = value_fn(parameters)
  gradient = tape.gradient(value, parameters, unconnected_gradients='zero')
  numbers = {name: g.numpy() for name, g in gradient.items()}
  return oracle.Estimates(value.numpy(), numbers)


class _Tree:
  """Partial draws: a row per branch, a column `[R, D]` per variable."""

  def __init__(self, problem: binary_problems.Problem):
    self._problem = problem
    self.example = np.arange(problem.num_examples)
    self.probability = np.ones(problem.num_examples)
    self._columns: list[np.ndarray] = []

  def add(self, column: np.ndarray) -> int:
    """Adds a variable that the others determine, and returns its index."""
    self._columns.append(column)
    return len(self._columns) - 1

  def column(self, index: int) -> np.ndarray:
    return self._columns[index]

  def stack(self, indices: Sequence[int]) -> np.ndarray:
    """Returns `[K, R, D]` from the columns of K samples."""
    return np.stack([self._columns[index] for index in indices])

  def branch(self, values: np.ndarray, weights: np.ndarray) -> int:
    """Adds D independent variables with C possible values each.

    Args:
      values: `[R, D, C]`; weights: `[R, D, C]`, their probabilities.
    """
    num_rows, size, choices = values.shape
    patterns = np.indices((choices,) * size).reshape(size, -1).T
    chosen = (slice(None), np.arange(size), patterns)
    weight = weights[chosen].prod(-1)
    kept = weight > 0
    row = np.repeat(np.arange(num_rows), kept.sum(1))
    self.example = self.example[row]
    self.probability = self.probability[row] * weight[kept]
    self._columns = [column[row] for column in self._columns]
    return self.add(values[chosen][kept])

  def sigmoid(self, path: Sequence[int]) -> np.ndarray:
    """Returns `[R, D]`, the probabilities of the layer after `path`."""
    parameters = self._problem.rows(self.example)
    previous = tuple(self._columns[index][None] for index in path)
    logits = self._problem.logits(parameters, previous).numpy()
    logits = np.broadcast_to(logits, (1, *logits.shape[-2:]))[0]
    return 1 / (1 + np.exp(-logits))

  def bernoulli(self, path: Sequence[int]) -> int:
    """Adds the layer after `path`, independent of all other variables."""
    s = self.sigmoid(path)
    values = np.broadcast_to([0.0, 1.0], (*s.shape, 2))
    return self.branch(values, np.stack([1 - s, s], -1))

  def uniform(self, cuts: Sequence[np.ndarray], nodes: int) -> int:
    """Adds uniform numbers: Gauss-Legendre nodes between `[R, D]` cuts.

    Exact for what is, on each piece, a polynomial of degree 2 * nodes - 1.
    """
    edges = [np.zeros_like(cuts[0]), *cuts, np.ones_like(cuts[0])]
    edges = np.sort(np.stack(edges, -1), -1)
    position, weight = np.polynomial.legendre.leggauss(nodes)
    left, width = edges[..., :-1, None], np.diff(edges)[..., None]
    values = left + width * (position + 1) / 2
    weights = width * weight / 2
    shape = (*cuts[0].shape, -1)
    return self.branch(values.reshape(shape), weights.reshape(shape))


def independent(
  problem: binary_problems.Problem, num_samples: int
) -> oracle.Outcomes:
  """Returns all sets of K independent samples (paths, for a chain)."""
  tree = _Tree(problem)
  paths = []
  for _ in range(num_samples):
    path: list[int] = []
    for _ in problem.sizes:
      path.append(tree.bernoulli(path))
    paths.append(path)
  samples = tuple(tree.stack(layer) for layer in zip(*paths, strict=True))
  source = binary_problems.Draws(samples)
  return oracle.Outcomes(tree.example, tree.probability, source)


def antithetic(
  problem: binary_problems.Problem,
  num_pairs: int,
  *,
  shared_randomness: bool = False,
  nodes: int = 1,
) -> oracle.Outcomes:
  """Returns all sets of P antithetic pairs of paths for each layer.

  Args:
    problem: the examples.
    num_pairs: P.
    shared_randomness: whether the halves of a pair continue with the same
      uniform numbers above the antithetic layer.
    nodes: 1 for estimators that are constant in u on each piece of [0, 1] cut
      at sigmoid and 1 - sigmoid; 2 for ARM, whose square is quadratic in u.
  """
  tree = _Tree(problem)
  layers = [
    [_pair(tree, problem, layer, shared_randomness, nodes) for _ in range(n)]
    for layer, n in enumerate([num_pairs] * len(problem.sizes))
  ]
  pairs = []
  for layer_pairs in layers:
    halves = []
    for half in (0, 1):
      paths = [pair[half] for pair in layer_pairs]
      halves.append(tuple(tree.stack(ids) for ids in zip(*paths, strict=True)))
    uniform = tree.stack([pair[2] for pair in layer_pairs])
    pairs.append(types.Pair(*halves, uniform))
  # What `samples` are is for the estimator to say; no surrogate needs them.
  source = binary_problems.Draws(pairs[0].path, tuple(pairs))
  return oracle.Outcomes(tree.example, tree.probability, source)


def _pair(
  tree: _Tree,
  problem: binary_problems.Problem,
  layer: int,
  shared_randomness: bool,
  nodes: int,
) -> tuple[list[int], list[int], int]:
  """Returns the columns of a path, of its antithesis, and of u."""
  prefix: list[int] = []
  for _ in range(layer):
    prefix.append(tree.bernoulli(prefix))
  s = tree.sigmoid(prefix)
  uniform = tree.uniform([s, 1 - s], nodes)
  s = tree.sigmoid(prefix)  # of the rows that there are now
  u = tree.column(uniform)
  path = [*prefix, tree.add((u > 1 - s).astype(float))]
  tilde = [*prefix, tree.add((u < s).astype(float))]
  for _ in problem.sizes[layer + 1 :]:
    if shared_randomness:
      u_id = tree.uniform([tree.sigmoid(path), tree.sigmoid(tilde)], 1)
      u = tree.column(u_id)
      b = (u < tree.sigmoid(path)).astype(float)
      b_tilde = (u < tree.sigmoid(tilde)).astype(float)
      path, tilde = [*path, tree.add(b)], [*tilde, tree.add(b_tilde)]
    else:
      path = [*path, tree.bernoulli(path)]
      tilde = [*tilde, tree.bernoulli(tilde)]
  return path, tilde, uniform
