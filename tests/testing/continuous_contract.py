"""Checks of estimators of continuous variables; each raises AssertionError.

For a row of `continuous_rows` and a kind of `gaussian_problems`.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tests.testing import continuous_checks as checks
from tests.testing import continuous_formulas
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature
import tf_mco

_K = 4


def check_formula(row: continuous_rows.Row, kind: str) -> None:
  """Loss and gradient are the formula's, at samples that it draws itself."""
  problem = gaussian_problems.make(kind)
  estimator = row.make(_K)
  surrogate, gradient, noise = checks.drawn(estimator, problem)
  assert len(noise) == estimator.evaluations(None) == _K
  bound, expected = continuous_formulas.estimate(
    row.formula, problem, np.arange(problem.num_examples), noise
  )
  np.testing.assert_allclose(surrogate.bound, bound, rtol=0, atol=1e-12)
  checks.assert_close(gradient, expected)


def check_mean(row: continuous_rows.Row, kind: str) -> None:
  """The mean of what is declared, at K = 2, to 1e-9."""
  problem = gaussian_problems.make(kind, 2)
  declared = row.declared(2)
  assert row.make(2).unbiased_for == declared
  nodes = quadrature.outcomes(
    problem, 2, 12 if kind == 'chain' else 20, symmetric=row.symmetric
  )
  found = quadrature.moments(row.make(2), problem, nodes, stopped=row.stopped)
  # MIWAE's is the mean of two bounds of K / 2 samples.
  source = continuous_rows.BY_NAME[declared] if declared else row
  source = source if row.symmetric else row
  expected = continuous_formulas.moments(source.formula, problem, nodes)
  own = continuous_formulas.moments(row.formula, problem, nodes)
  np.testing.assert_allclose(found.bound, own.bound, rtol=0, atol=1e-9)
  for group, reference in (
    ('posterior', expected),
    ('model', own),
    ('prior', own),
  ):
    for name in problem.groups[group]:
      np.testing.assert_allclose(
        found.mean[name], reference.mean[name], rtol=0, atol=1e-9, err_msg=name
      )


def check_variance(row: continuous_rows.Row, kind: str) -> None:
  """The variance of the posterior's gradient is the formula's, at K = 2."""
  problem = gaussian_problems.make(kind, 2)
  nodes = quadrature.outcomes(problem, 2, 8, symmetric=row.symmetric)
  found = quadrature.moments(row.make(2), problem, nodes, stopped=row.stopped)
  expected = continuous_formulas.moments(row.formula, problem, nodes)
  for name in problem.groups['posterior']:
    np.testing.assert_allclose(
      found.variance[name], expected.variance[name], rtol=1e-10, err_msg=name
    )


def check_batch_invariance(row: continuous_rows.Row, kind: str) -> None:
  """A row's loss and gradient do not depend on the batch it stands in."""
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, _K)
  estimator = row.make(_K)
  whole = checks.given(estimator, problem, noise, stopped=row.stopped)
  for example in range(problem.num_examples):
    rows = slice(example, example + 1)
    surrogate, gradient = quadrature.per_row(
      estimator,
      problem,
      np.array([example]),
      noise[:, rows],
      stopped=row.stopped,
    )
    expected = whole.surrogate
    np.testing.assert_allclose(surrogate.loss, expected.loss[rows], 1e-13)
    np.testing.assert_allclose(
      surrogate.log_weights, expected.log_weights[:, rows], 1e-12
    )
    checks.assert_close(
      gradient, {name: g[rows] for name, g in whole.gradient.items()}
    )


def check_surrogate(
  row: continuous_rows.Row, kind: str, dtype: tf.DType = tf.float64
) -> None:
  """Shapes, dtypes, value == -bound to the last bit, no stray gradient."""
  problem = gaussian_problems.make(kind)
  parameters = problem.rows(dtype=dtype)
  estimator = row.make(_K)
  assert isinstance(estimator, tf_mco.Estimator)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    surrogate = tf_mco.estimate(
      estimator,
      problem.log_joint(parameters),
      problem.posterior(parameters),
      seed=4,
    )
  loss, bound, log_weights = surrogate
  assert {tensor.dtype for tensor in surrogate} == {dtype}
  np.testing.assert_array_equal(loss, -bound)
  assert loss.shape == (problem.num_examples,)
  assert log_weights.shape == (estimator.num_samples, problem.num_examples)
  for tensor in (bound, log_weights):
    stray = tf.nest.flatten(tape.gradient(tensor, parameters))
    assert all(gradient is None for gradient in stray), 'gradient not stopped'
  for name in quadrature.names(problem):
    gradient = tape.gradient(loss, parameters[name])
    assert gradient is not None, f'no gradient of {name!r}'
    assert gradient.dtype == dtype
