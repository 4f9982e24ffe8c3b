"""The exact mean and variance of an estimator, over all of its draws."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tests.testing import enumeration
from tests.testing import problems
import tf_mco
from tf_mco import types

# Rows evaluated at once; bounds the memory.
_CHUNK = 1 << 16


class Moments(NamedTuple):
  """Of the bound and of the gradient of ascent, for each of N examples."""

  bound: np.ndarray  # `[N]`, the mean of the reported bound
  mean: dict[str, np.ndarray]  # name -> `[N, ...]`
  variance: dict[str, np.ndarray]  # name -> `[N, ...]`


class Fixed:
  """An estimator whose next draw is given, so that it can be enumerated."""

  def __init__(self, estimator: tf_mco.Estimator, draw: types.Draw):
    self._estimator = estimator
    self._draw = draw

  def __getattr__(self, name: str) -> Any:
    return getattr(self._estimator, name)

  def draw(self, *args: Any, **kwargs: Any) -> types.Draw:
    del args, kwargs
    return self._draw


def take(draw: types.Draw, rows: Any) -> types.Draw:
  """Returns the rows of a draw, an index or slice of its batch axis."""

  def pick(z: tf.Tensor) -> tf.Tensor:
    return tf.gather(z, tf.range(z.shape[1])[rows], axis=1)

  samples = tf.nest.map_structure(pick, draw.samples)
  return types.Draw(samples, tf.nest.map_structure(pick, draw.pairs))


def per_row(
  estimator: tf_mco.Estimator,
  problem: problems.Problem,
  parameters: problems.Parameters,
  draw: types.Draw,
  function: problems.Function | None = None,
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
  """Returns minus the loss `[R]`, and its gradient row by row.

  Through `estimate`, or through `expectation` if a function is given.
  """
  fixed: Any = Fixed(estimator, draw)
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    posterior = problem.posterior(parameters)
    if function is None:
      log_joint = problem.log_joint(parameters)
      value = -tf_mco.estimate(fixed, log_joint, posterior, seed=0).loss
    else:
      fn = problem.integrand(function, parameters)
      value = tf_mco.expectation(fixed, fn, posterior, seed=0)
  return value, tape.gradient(value, parameters, unconnected_gradients='zero')


def moments(
  estimator: tf_mco.Estimator,
  problem: problems.Problem,
  outcomes: enumeration.Outcomes,
  function: problems.Function | None = None,
) -> Moments:
  """Returns the moments of `estimate`, or of `expectation` of a function."""
  bounds, gradients = [], []
  for start in range(0, len(outcomes.example), _CHUNK):
    rows = slice(start, start + _CHUNK)
    parameters = problem.rows(outcomes.example[rows])
    draw = take(outcomes.draw, rows)
    bound, gradient = per_row(estimator, problem, parameters, draw, function)
    bounds.append(bound.numpy())
    gradients.append({k: g.numpy() for k, g in gradient.items()})
  names = gradients[0]
  gradient = {k: np.concatenate([g[k] for g in gradients]) for k in names}
  bound = _mean(np.concatenate(bounds), outcomes)
  mean = {k: _mean(g, outcomes) for k, g in gradient.items()}
  variance = {
    k: _mean((g - mean[k][outcomes.example]) ** 2, outcomes)
    for k, g in gradient.items()
  }
  return Moments(bound, mean, variance)


def _mean(values: np.ndarray, outcomes: enumeration.Outcomes) -> np.ndarray:
  """Returns `[N, ...]`, the mean of `[R, ...]` over each example's rows."""
  result = []
  for example in range(outcomes.example.max() + 1):
    rows = outcomes.example == example
    result.append(np.tensordot(outcomes.probability[rows], values[rows], 1))
  return np.array(result)
