"""The contract: what every estimator promises.

A check raises AssertionError. It takes a `table.Case`, which is an estimator
and an oracle that knows its problem exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import recorded_variances
from tests.contract import table
from tests.contract.oracles import oracle
import tf_mco
from tf_mco import registry
from tf_mco import types

# Means and variances.


def check_moments(case: table.Case) -> None:
  """The mean of bound and gradient is the exact one, group by group."""
  outcomes = case.outcomes
  total = np.bincount(outcomes.example, outcomes.probability)
  np.testing.assert_allclose(total, 1, rtol=case.oracle.of_probability)
  assert case.estimator.unbiased_for == case.row.declared(case.count)
  found = oracle.moments(table.every_estimate(case), outcomes)
  expected = case.exact
  _assert_near(case, found.value, expected.value, 'mean of the bound')
  for name in case.problem.names:
    what = f'mean gradient of {name!r}'
    _assert_near(case, found.mean[name], expected.gradient[name], what)
    if _vanishes(case, name):
      np.testing.assert_allclose(found.mean[name], 0, atol=1e-13, err_msg=what)
      if case.row.stopped:
        assert (found.variance[name] > 0.01).all(), 'a score has a variance'
    else:
      size = np.abs(expected.gradient[name]).max()
      assert size > case.oracle.least, f'{what} tests nothing: {size}'


def _assert_near(
  case: table.Case, found: np.ndarray, expected: np.ndarray, what: str
) -> None:
  relative, absolute = case.oracle.tolerance
  np.testing.assert_allclose(
    found, expected, rtol=relative, atol=absolute, err_msg=what
  )


def _vanishes(case: table.Case, name: str) -> bool:
  """Returns whether an exact gradient is zero, so that it tests nothing."""
  posterior = name in case.problem.groups['posterior']
  return posterior and case.row.zero_at_one and case.count == 1


def check_each_draw(case: table.Case) -> None:
  """Every draw gives the value and the gradient of the paper's formula."""
  _assert_each_draw(case, case.outcomes, table.every_estimate(case))


def _assert_each_draw(
  case: table.Case, outcomes: oracle.Outcomes, found: oracle.Estimates
) -> None:
  expected = case.oracle.formula(case.row, case.count, outcomes)
  relative, absolute = case.oracle.of_each_value
  np.testing.assert_allclose(found.value, expected.value, relative, absolute)
  relative, absolute = case.oracle.of_each_draw
  assert found.gradient.keys() == expected.gradient.keys()
  for name, gradient in expected.gradient.items():
    np.testing.assert_allclose(
      found.gradient[name], gradient, relative, absolute, err_msg=name
    )


def check_variance(case: table.Case) -> None:
  """The variance of the posterior's gradient is exact, and as recorded."""
  outcomes = case.outcomes
  found = oracle.moments(table.every_estimate(case), outcomes)
  formula = case.oracle.formula(case.row, case.count, outcomes)
  expected = oracle.moments(formula, outcomes)
  names = case.problem.groups['posterior']
  for name in names:
    np.testing.assert_allclose(
      found.variance[name], expected.variance[name], rtol=1e-10, err_msg=name
    )
  recorded = recorded_variances.VARIANCES.get(str(case))
  if recorded is not None:
    np.testing.assert_allclose(
      total_variance(found, case), recorded, rtol=case.oracle.of_variance
    )


def total_variance(found: oracle.Moments, case: table.Case) -> np.ndarray:
  """Returns `[N]`, the variance summed over the posterior's parameters."""
  names = case.problem.groups['posterior']
  parts = [found.variance[name] for name in names]
  return sum(part.reshape(len(part), -1).sum(-1) for part in parts)


def check_expectation(case: table.Case) -> None:
  """`expectation` has the exact mean and variance, and is for means only."""
  posterior = case.problem.posterior(case.problem.rows())
  if not case.row.of_mean:
    with pytest.raises(ValueError, match='estimator of a mean.*Received'):
      tf_mco.expectation(case.estimator, tf.identity, posterior, seed=0)
    return
  outcomes, names = case.outcomes, case.problem.groups['posterior']
  found = oracle.moments(case.estimates(outcomes, of_cost=True), outcomes)
  expected = case.oracle.exact_cost()
  _assert_near(case, found.value, expected.value, 'mean of the expectation')
  for name in (*names, *case.problem.groups['model']):
    _assert_near(case, found.mean[name], expected.gradient[name], name)
  formula = case.oracle.formula(case.row, case.count, outcomes, of_cost=True)
  exact = oracle.moments(formula, outcomes)
  for name in names:
    np.testing.assert_allclose(
      found.variance[name], exact.variance[name], rtol=1e-6, atol=1e-20
    )


# What holds for every single draw.


def check_own_draws(case: table.Case) -> None:
  """An estimate that draws for itself is the formula of its own samples."""
  problem, estimator = case.problem, case.estimator
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    posterior = problem.posterior(parameters)
    log_joint = problem.log_joint(parameters)
    draw = estimator.draw(log_joint, posterior, seed=3)
    value = -estimator.surrogate(log_joint, posterior, draw).loss
  found = tape.gradient(value, parameters, unconnected_gradients='zero')
  gradient = {name: found[name].numpy() for name in problem.names}
  every = np.arange(problem.num_examples)
  outcomes = oracle.Outcomes(every, np.ones(len(every)), problem.source(draw))
  _assert_each_draw(case, outcomes, oracle.Estimates(value.numpy(), gradient))


def check_surrogate(case: table.Case, dtype: tf.DType = tf.float64) -> None:
  """Shapes and dtypes are right, and the loss is minus the bound exactly.

  No gradient flows from the bound or from the log-weights. The loss has a
  gradient in every parameter.
  """
  problem, batch = case.problem, case.problem.num_examples
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
  if case.row.weights_give_bound and case.row.bound != 'other':
    bound = _bound(surrogate.log_weights.numpy(), case.row.bound)
    np.testing.assert_allclose(surrogate.bound, bound, rtol=1e-5)
  for tensor in (surrogate.bound, surrogate.log_weights):
    stray = tf.nest.flatten(tape.gradient(tensor, parameters))
    assert all(gradient is None for gradient in stray), 'gradient not stopped'
  for name in problem.names:
    gradient = tape.gradient(surrogate.loss, parameters[name])
    assert gradient is not None, f'no gradient of {name!r}'
    assert gradient.dtype == dtype


def check_surrogate_in_float32(case: table.Case) -> None:
  """`check_surrogate` holds in float32, too."""
  check_surrogate(case, tf.float32)


def _bound(log_weights: np.ndarray, kind: str) -> np.ndarray:
  if kind == 'elbo':
    return log_weights.mean(0)
  return np.log(np.exp(log_weights).mean(0))


def check_log_weights(case: table.Case) -> None:
  """`log_weights` are those of the samples that the draw reports."""
  log_joint, posterior = _functions(case)
  draw = case.estimator.draw(log_joint, posterior, seed=4)
  surrogate = case.estimator.surrogate(log_joint, posterior, draw)
  expected = log_joint(draw.samples) - posterior.log_prob(draw.samples)
  assert_close([surrogate.log_weights], [expected[: case.num_samples]])


def _functions(case: table.Case) -> tuple[types.LogJoint, Any]:
  parameters = case.problem.rows()
  return case.problem.log_joint(parameters), case.problem.posterior(parameters)


def check_batch_invariance(case: table.Case) -> None:
  """A batch of different examples gives what its rows give one by one."""
  draws = case.some()
  values, gradients = _results(case, draws)
  for row in range(case.problem.num_examples):
    rows = slice(row, row + 1)
    own_values, own_gradients = _results(case, oracle.take(draws, rows))
    np.testing.assert_allclose(own_values[0], values[0][rows], rtol=1e-13)
    assert_close(
      own_values, [value[rows] for value in values], case.oracle.of_same_value
    )
    assert_close(
      own_gradients,
      [value[rows] for value in gradients],
      case.oracle.of_same_gradient,
    )


def _results(
  case: table.Case, draws: oracle.Outcomes
) -> tuple[list[np.ndarray], list[np.ndarray]]:
  """Returns loss, bound and log-weights; and gradients, `[B, ...]` each."""
  surrogate, found = oracle.surrogate_of(
    case.estimator, case.problem, draws, stopped=case.row.stopped
  )
  log_weights = tf.transpose(surrogate.log_weights)
  values = [surrogate.loss, surrogate.bound, log_weights]
  return [value.numpy() for value in values], list(found.gradient.values())


def check_order(case: table.Case) -> None:
  """No sample is special; within MIWAE and PIWAE, none within a bound is."""
  draws = case.some()
  order = [2, 3, 1, 0] if not case.row.symmetric else [2, 0, 3, 1]
  other = draws._replace(source=draws.source[order])
  one, two = case.estimates(draws), case.estimates(other)
  np.testing.assert_allclose(one.value, two.value, rtol=1e-13)
  assert_close(
    one.gradient.values(), two.gradient.values(), case.oracle.of_same_gradient
  )


def check_seeds(case: table.Case) -> None:
  """The draw is a function of the seed, and another seed is another draw.

  Neither samples nor examples nor layers share continuous random numbers.
  """
  log_joint, posterior = _many_examples(case)
  first, again, as_tensor, other = (
    _leaves(case.estimator.draw(log_joint, posterior, seed=seed))
    for seed in (7, 7, tf.constant([7, 0]), 8)
  )
  for leaves in zip(first, again, as_tensor, strict=True):
    np.testing.assert_array_equal(leaves[0], leaves[1])
    np.testing.assert_array_equal(leaves[0], leaves[2])
  for one, two in zip(first, other, strict=True):
    assert (one != two).any(), 'two seeds give the same draw'
    if not np.isin(one, (0, 1)).all():
      assert (one != two).all(), 'two seeds share numbers'
      assert len(np.unique(one)) == one.size, 'two numbers are the same'


def _leaves(draw: types.Draw) -> list[np.ndarray]:
  extras = [] if draw.extras is None else [draw.extras]
  leaves = tf.nest.flatten((draw.samples, draw.pairs, extras))
  return [leaf.numpy() for leaf in leaves if leaf.shape.num_elements()]


def _many_examples(case: table.Case) -> tuple[types.LogJoint, Any]:
  """Returns the functions of 48 examples, by repetition."""
  problem = case.problem
  example = np.arange(48) % problem.num_examples
  parameters = problem.rows(example)
  return problem.log_joint(parameters), problem.posterior(parameters)


def check_estimate_is_draw_then_surrogate(case: table.Case) -> None:
  """`estimate` does what its two halves do, and the second is a function."""
  estimator: Any = case.estimator
  parameters = case.problem.rows()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    log_joint = case.problem.log_joint(parameters)
    posterior = case.problem.posterior(parameters)
    estimate = tf_mco.estimate(estimator, log_joint, posterior, seed=9)
    draw = estimator.draw(log_joint, posterior, seed=9)
    surrogate = estimator.surrogate(log_joint, posterior, draw)
  for one, two in zip(estimate, surrogate, strict=True):
    np.testing.assert_array_equal(one, two)
  for name in case.problem.names:
    one, two = (
      tape.gradient(of.loss, parameters[name]) for of in (estimate, surrogate)
    )
    np.testing.assert_array_equal(one, two)
  if case.row.of_mean:
    expectation = tf_mco.expectation(estimator, log_joint, posterior, seed=9)
    mean = estimator.mean_surrogate(log_joint, posterior, draw)
    np.testing.assert_array_equal(expectation, mean.mean)


def check_evaluations(case: table.Case) -> None:
  """`evaluations` is the number of samples given to log_joint per example."""
  log_joint, posterior = _functions(case)
  counts = []

  def counting(samples: types.Samples) -> tf.Tensor:
    counts.append({z.shape[0] for z in tf.nest.flatten(samples)})
    return log_joint(samples)

  tf_mco.estimate(case.estimator, counting, posterior, seed=1)
  total = sum(count for (count,) in counts)
  assert total == case.estimator.evaluations(posterior) == case.evaluations


def check_configuration(case: table.Case) -> None:
  """An estimator is a frozen dataclass that its configuration makes again."""
  estimator = case.estimator
  config = registry.to_config(estimator)
  assert registry.from_config(config) == estimator
  assert config['name'] == case.row.name
  assert isinstance(estimator, tf_mco.Estimator)
  assert hash(estimator) == hash(case.estimator)
  with pytest.raises(AttributeError, match='cannot assign'):
    estimator.num_samples = 7


# Graphs.


def check_jit(case: table.Case) -> None:
  """A jitted surrogate and its gradient are those of eager code."""
  parameters, source = case.problem.rows(), case.some().source
  step = _step(case)
  *found, slopes = tf.function(step, jit_compile=True)(parameters, source)
  np.testing.assert_array_equal(found[0], -found[1])
  *expected, expected_slopes = step(parameters, source)
  assert_close(found, expected, case.oracle.of_same_value)
  assert_close(slopes.values(), expected_slopes.values(), (1e-11, 1e-12))


def _step(case: table.Case) -> Any:
  """Returns a function of parameters and a source: surrogate and gradient."""
  problem = case.problem

  def step(parameters: oracle.Parameters, source: Any) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      draw = problem.draw(parameters, source, stopped=case.row.stopped)
      surrogate = case.estimator.surrogate(
        problem.log_joint(parameters), problem.posterior(parameters), draw
      )
    gradient = tape.gradient(surrogate.loss, parameters)
    return *surrogate, {name: gradient[name] for name in problem.names}

  return step


def check_jit_draw(case: table.Case) -> None:
  """A jitted draw is the one that eager code makes from the same seed."""
  log_joint, posterior = _many_examples(case)

  def draw(seed: tf.Tensor) -> list[tf.Tensor]:
    result = case.estimator.draw(log_joint, posterior, seed=seed)
    return tf.nest.flatten((result.samples, result.pairs))

  seed = tf.constant([11, 0])
  jitted = tf.function(draw, jit_compile=True)
  assert_close(jitted(seed), draw(seed))


def check_unknown_batch_size(case: table.Case) -> None:
  """A graph that is not told the batch size gives what eager code gives."""
  problem = case.problem

  def step(parameters: oracle.Parameters, seed: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      surrogate = tf_mco.estimate(
        case.estimator,
        problem.log_joint(parameters),
        problem.posterior(parameters),
        seed=seed,
      )
    gradient = tape.gradient(surrogate.loss, parameters)
    return *surrogate, {name: gradient[name] for name in problem.names}

  seed = tf.constant([11, 0])
  specs = {
    name: tf.TensorSpec([None, *value.shape[1:]], tf.float64)
    for name, value in problem.values.items()
  }
  graph = tf.function(step).get_concrete_function(specs, seed)
  for example in ([0, 1], [1]):
    parameters = problem.rows(example)
    *found, slopes = graph(parameters, seed)
    *expected, expected_slopes = step(parameters, seed)
    assert_close(found, expected, case.oracle.of_same_value)
    assert_close(slopes.values(), expected_slopes.values())


def assert_close(
  found: Any, expected: Any, tolerance: tuple[float, float] = (1e-11, 1e-12)
) -> None:
  """Asserts that all arrays agree, to a relative and an absolute error."""
  relative, absolute = tolerance
  for one, two in zip(found, expected, strict=True):
    np.testing.assert_allclose(one, two, rtol=relative, atol=absolute)
