"""Every possible draw of an estimator, with its probability.

Written without the sampling code of tf_mco: what follows from the definition
of each draw, one uniform number at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tests.testing import problems
from tf_mco import types


class Outcomes(NamedTuple):
  """R draws along the batch axis; those of one example are neighbours."""

  example: np.ndarray  # `[R]`, which of the N examples
  probability: np.ndarray  # `[R]`, sums to one over the rows of an example
  draw: types.Draw


class _Tree:
  """Partial draws: a row per branch, a column `[R, D]` per variable."""

  def __init__(self, problem: problems.Problem):
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


def independent(problem: problems.Problem, num_samples: int) -> Outcomes:
  """Returns all sets of K independent samples (paths, for a chain)."""
  tree = _Tree(problem)
  paths = []
  for _ in range(num_samples):
    path: list[int] = []
    for _ in problem.sizes:
      path.append(tree.bernoulli(path))
    paths.append(path)
  samples = tuple(tree.stack(layer) for layer in zip(*paths, strict=True))
  draw = types.Draw(problem.pack(samples))
  return Outcomes(tree.example, tree.probability, draw)


def antithetic(
  problem: problems.Problem,
  num_pairs: int,
  *,
  shared_randomness: bool = False,
  nodes: int = 1,
) -> Outcomes:
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
      samples = tuple(tree.stack(ids) for ids in zip(*paths, strict=True))
      halves.append(problem.events(samples))
    uniform = tree.stack([pair[2] for pair in layer_pairs])
    pairs.append(types.Pair(*halves, problem.events((uniform,))[0]))
  # What `samples` are is for the estimator to say; no surrogate needs them.
  path = pairs[0].path
  samples = path if len(problem.sizes) > 1 else path[0]
  draw = types.Draw(samples, tuple(pairs))
  return Outcomes(tree.example, tree.probability, draw)


def _pair(
  tree: _Tree,
  problem: problems.Problem,
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
