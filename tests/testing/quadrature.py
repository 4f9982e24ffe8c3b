"""Expectations over the noise of K samples, by Gauss-Hermite quadrature.

The integrands are analytic, so that the error falls faster than any power of
the number of nodes: see `tests/estimators/continuous_expectation_test.py` for
the number that is enough.
"""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tests.testing import gaussian_problems
import tf_mco
from tf_mco import types

# Rows evaluated at once; bounds the memory.
_CHUNK = 1 << 16
# Nodes this improbable are left out: together below 1e-13 of any integral.
_NEGLIGIBLE = 1e-19


class Outcomes(NamedTuple):
  """R nodes along the batch axis."""

  example: np.ndarray  # `[R]`, which of the N examples
  probability: np.ndarray  # `[R]`, sums to one over the rows of an example
  noise: np.ndarray  # `[K, R, E]`, standard normal


class Moments(NamedTuple):
  """Of the bound and of the gradient of ascent, for each of N examples."""

  bound: np.ndarray  # `[N]`
  mean: dict[str, np.ndarray]  # name -> `[N, ...]`
  variance: dict[str, np.ndarray]  # name -> `[N, ...]`


def outcomes(
  problem: gaussian_problems.Problem,
  num_samples: int,
  nodes: int,
  *,
  symmetric: bool = False,
) -> Outcomes:
  """Returns all sets of K samples on a grid of `nodes` per noise variable.

  Args:
    problem: its examples and the noise variables of a sample.
    num_samples: K.
    nodes: of one variable.
    symmetric: whether one order stands for all orders of the K samples, as
      it may for what does not depend on their order.
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
  kept = probability > _NEGLIGIBLE
  noise, probability = one[index[kept]], probability[kept]
  examples = problem.num_examples
  return Outcomes(
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


def per_row(
  estimator: tf_mco.Estimator,
  problem: gaussian_problems.Problem,
  example: np.ndarray,
  noise: np.ndarray,
  *,
  stopped: bool = False,
) -> tuple[types.Surrogate, dict[str, np.ndarray]]:
  """Returns the surrogate of given noise, and each row's gradient of ascent.

  Args:
    estimator: given its samples.
    problem: the examples.
    example: `[R]`, indices of examples.
    noise: `[K, R, E]`, of which the samples are functions.
    stopped: whether the estimator draws samples without a path.
  """
  parameters = problem.rows(example)
  trained = {name: parameters[name] for name in names(problem)}
  with tf.GradientTape() as tape:
    tape.watch(trained)
    samples: Any = problem.samples(parameters, tf.constant(noise))
    if stopped:
      samples = tf.nest.map_structure(tf.stop_gradient, samples)
    surrogate = estimator.surrogate(
      problem.log_joint(parameters),
      problem.posterior(parameters),
      types.Draw(samples),
    )
    value = -surrogate.loss
  gradient = tape.gradient(value, trained, unconnected_gradients='zero')
  return surrogate, {name: g.numpy() for name, g in gradient.items()}


def names(problem: gaussian_problems.Problem) -> list[str]:
  """Returns the parameters of all groups."""
  return [name for group in problem.groups.values() for name in group]


def moments(
  estimator: tf_mco.Estimator,
  problem: gaussian_problems.Problem,
  nodes: Outcomes,
  *,
  stopped: bool = False,
) -> Moments:
  """Returns mean and variance of the gradient, mean of the bound."""
  bounds, gradients = [], []
  for start in range(0, len(nodes.example), _CHUNK):
    rows = slice(start, start + _CHUNK)
    surrogate, gradient = per_row(
      estimator,
      problem,
      nodes.example[rows],
      nodes.noise[:, rows],
      stopped=stopped,
    )
    bounds.append(-surrogate.loss.numpy())
    gradients.append(gradient)
  joined = {
    name: np.concatenate([gradient[name] for gradient in gradients])
    for name in gradients[0]
  }
  return moments_of(np.concatenate(bounds), joined, nodes)


def moments_of(
  bound: np.ndarray, gradient: dict[str, np.ndarray], nodes: Outcomes
) -> Moments:
  """Returns the moments of what has one value per row."""
  mean = {name: _mean(g, nodes) for name, g in gradient.items()}
  variance = {
    name: _mean((g - mean[name][nodes.example]) ** 2, nodes)
    for name, g in gradient.items()
  }
  return Moments(_mean(bound, nodes), mean, variance)


def _mean(values: np.ndarray, nodes: Outcomes) -> np.ndarray:
  """Returns `[N, ...]`, the mean of `[R, ...]` over each example's rows."""
  return np.array(
    [
      np.tensordot(nodes.probability[rows], values[rows], 1)
      for rows in _rows_of_examples(nodes)
    ]
  )


def _rows_of_examples(nodes: Outcomes) -> list[np.ndarray]:
  examples = range(nodes.example.max() + 1)
  return [nodes.example == example for example in examples]
