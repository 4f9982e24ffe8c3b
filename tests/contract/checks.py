"""Checks of what every estimator promises; each raises AssertionError."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tests.testing import moments
from tests.testing import rows
import tf_mco
from tf_mco import types


def check_surrogate(case: rows.Case, dtype: tf.DType = tf.float64) -> None:
  """Shapes, dtypes, value == -bound to the last bit, and no stray gradient."""
  problem, batch = case.problem, case.num_examples
  parameters = problem.rows(dtype=dtype)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    surrogate = tf_mco.estimate(
      case.estimator,
      problem.log_joint(parameters),
      problem.posterior(parameters),
      seed=3,
    )
  assert case.estimator.num_samples == case.num_samples
  assert surrogate.loss.shape == surrogate.bound.shape == (batch,)
  assert surrogate.log_weights.shape == (case.num_samples, batch)
  assert {tensor.dtype for tensor in surrogate} == {dtype}
  np.testing.assert_array_equal(surrogate.loss, -surrogate.bound)
  if case.row.weights_give_bound:
    bound = _bound(surrogate.log_weights.numpy(), case.row.bound)
    np.testing.assert_allclose(surrogate.bound, bound, rtol=1e-5)
  for tensor in (surrogate.bound, surrogate.log_weights):
    stray = tf.nest.flatten(tape.gradient(tensor, parameters))
    assert all(gradient is None for gradient in stray), 'gradient not stopped'
  for name, gradient in tape.gradient(surrogate.loss, parameters).items():
    assert gradient is not None, f'no gradient of {name!r}'
    assert gradient.dtype == dtype


def _bound(log_weights: np.ndarray, kind: str) -> np.ndarray:
  if kind == 'elbo':
    return log_weights.mean(0)
  return np.log(np.exp(log_weights).mean(0))


def check_log_weights(case: rows.Case) -> None:
  """`log_weights` are those of the samples that the draw reports."""
  problem, parameters = case.problem, case.problem.rows()
  log_joint = problem.log_joint(parameters)
  posterior = problem.posterior(parameters)
  draw = draw_of(case, seed=4)
  surrogate = case.estimator.surrogate(log_joint, posterior, draw)
  expected = log_joint(draw.samples) - posterior.log_prob(draw.samples)
  assert_close([surrogate.log_weights], [expected])


def check_batch_invariance(case: rows.Case) -> None:
  """A batch of different examples gives what its rows give one by one."""
  problem = case.problem
  draw = draw_of(case, seed=5)
  whole = _results(case, draw, problem.rows())
  for row in range(case.num_examples):
    rows_of_one = slice(row, row + 1)
    one = _results(case, moments.take(draw, rows_of_one), problem.rows([row]))
    assert_close(one, [value[rows_of_one] for value in whole])


def draw_of(case: rows.Case, seed: types.Seed) -> types.Draw:
  parameters = case.problem.rows()
  return case.estimator.draw(
    case.problem.log_joint(parameters),
    case.problem.posterior(parameters),
    seed=seed,
  )


def _results(
  case: rows.Case, draw: types.Draw, parameters: Any
) -> list[np.ndarray]:
  """Returns loss, bound, log-weights and gradients, `[B, ...]` each."""
  problem = case.problem
  surrogate = case.estimator.surrogate(
    problem.log_joint(parameters), problem.posterior(parameters), draw
  )
  _, gradient = moments.per_row(case.estimator, problem, parameters, draw)
  loss, bound, log_weights = surrogate
  results = [loss, bound, tf.transpose(log_weights), *gradient.values()]
  return [result.numpy() for result in results]


def check_seeds(case: rows.Case) -> None:
  """The draw is a function of the seed, and another seed is another draw."""
  case_64 = many_examples(case)
  draws = [draw_of(case_64, seed) for seed in (7, 7, tf.constant([7, 0]), 8)]
  first, again, as_tensor, other = [
    [leaf.numpy() for leaf in tf.nest.flatten((draw.samples, draw.pairs))]
    for draw in draws
  ]
  for leaves in zip(first, again, as_tensor, strict=True):
    np.testing.assert_array_equal(leaves[0], leaves[1])
    np.testing.assert_array_equal(leaves[0], leaves[2])
  for one, two in zip(first, other, strict=True):
    assert (one != two).any(), 'two seeds give the same draw'


def many_examples(case: rows.Case) -> rows.Case:
  return rows.Case(case.row, case.count, case.sizes, 64, case.shared_randomness)


def check_estimate_is_draw_then_surrogate(case: rows.Case) -> None:
  """`estimate` does what its two halves do, and the second is a function."""
  problem, parameters = case.problem, case.problem.rows()
  log_joint = problem.log_joint(parameters)
  posterior = problem.posterior(parameters)
  estimate = tf_mco.estimate(case.estimator, log_joint, posterior, seed=9)
  draw = draw_of(case, seed=9)
  for _ in range(2):
    surrogate = case.estimator.surrogate(log_joint, posterior, draw)
    for one, two in zip(estimate, surrogate, strict=True):
      np.testing.assert_array_equal(one, two)


def check_evaluations(case: rows.Case) -> None:
  """`evaluations` is the number of samples given to log_joint per example."""
  problem, parameters = case.problem, case.problem.rows()
  log_joint = problem.log_joint(parameters)
  posterior = problem.posterior(parameters)
  counts = []

  def counting(samples: types.Samples) -> tf.Tensor:
    counts.append({z.shape[0] for z in tf.nest.flatten(samples)})
    return log_joint(samples)

  tf_mco.estimate(case.estimator, counting, posterior, seed=1)
  total = sum(count for (count,) in counts)
  assert total == case.estimator.evaluations(posterior) == case.evaluations


def assert_close(found: Any, expected: Any) -> None:
  for one, two in zip(found, expected, strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-12)
