"""What every estimator of continuous variables promises beside its mean."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import continuous_checks as checks
from tests.testing import continuous_contract as contract
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature
from tf_mco import types

_K = 4
_OF_CHAIN = ('elbo', 'iwae', 'aisle-3', 'rws', 'piwae')
_KINDS = ('normal', 'scalar', 'tril', 'chain')
_make = functools.cache(gaussian_problems.make)

every_row = pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)
every_kind = pytest.mark.parametrize('kind', _KINDS)


def _losses(
  problem: gaussian_problems.Problem,
  parameters: gaussian_problems.Parameters,
  noise: tf.Tensor,
) -> dict[str, types.Surrogate]:
  """Returns the surrogate of every row, from the same noise.

  For a chain, of one row of each kind: they take long to compile.
  """
  samples: Any = problem.samples(parameters, noise)
  stopped = tf.nest.map_structure(tf.stop_gradient, samples)
  return {
    row.name: row.make(_K).surrogate(
      problem.log_joint(parameters),
      problem.posterior(parameters),
      types.Draw(stopped if row.stopped else samples),
    )
    for row in continuous_rows.ROWS
    if problem.kind != 'chain' or row.name in _OF_CHAIN
  }


def _gradients(
  problem: gaussian_problems.Problem,
  parameters: gaussian_problems.Parameters,
  noise: tf.Tensor,
) -> dict[str, Any]:
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    found = _losses(problem, parameters, noise)
  named = quadrature.names(problem)
  result = {}
  for name, surrogate in found.items():
    gradient = tape.gradient(
      surrogate.loss, parameters, unconnected_gradients='zero'
    )
    result[name] = surrogate, {key: gradient[key] for key in named}
  return result


@pytest.mark.parametrize('kind', ['normal', 'chain'])
def test_jit(kind: str) -> None:
  """A jitted estimate and its gradient are what eager code gives."""
  problem = _make(kind)
  noise = tf.constant(checks.some_noise(problem, _K))
  compiled = tf.function(
    lambda parameters, noise: _gradients(problem, parameters, noise),
    jit_compile=True,
  )
  found = compiled(problem.rows(), noise)
  expected = _gradients(problem, problem.rows(), noise)
  for name, (surrogate, gradient) in expected.items():
    np.testing.assert_array_equal(found[name][0].loss, -found[name][0].bound)
    for one, two in zip(found[name][0], surrogate, strict=True):
      np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13)
    checks.assert_close(found[name][1], gradient, 1e-11)


def test_unknown_batch_size() -> None:
  """A graph that is not told B gives what eager code gives, for any B."""
  problem = _make('chain')
  graph = tf.function(
    lambda parameters, noise: _gradients(problem, parameters, noise)
  ).get_concrete_function(
    {
      name: tf.TensorSpec([None, *value.shape[1:]], tf.float64)
      for name, value in problem.values.items()
    },
    tf.TensorSpec([_K, None, problem.noise_size], tf.float64),
  )
  for rows in ([0, 1, 2], [1]):
    noise = tf.constant(checks.some_noise(problem, _K)[:, rows])
    found = graph(problem.rows(rows), noise)
    expected = _gradients(problem, problem.rows(rows), noise)
    for name, (surrogate, gradient) in expected.items():
      np.testing.assert_allclose(found[name][0].loss, surrogate.loss, 1e-12)
      checks.assert_close(found[name][1], gradient, 1e-11)


@every_kind
@every_row
def test_formula_of_own_draws(row: continuous_rows.Row, kind: str) -> None:
  contract.check_formula(row, kind)


@every_kind
@every_row
def test_batch_invariance(row: continuous_rows.Row, kind: str) -> None:
  contract.check_batch_invariance(row, kind)


@every_kind
@every_row
def test_order_of_samples(row: continuous_rows.Row, kind: str) -> None:
  """No sample is special; in MIWAE and PIWAE, within a bound."""
  problem = _make(kind)
  noise = checks.some_noise(problem, _K)
  order = [2, 3, 1, 0] if not row.symmetric else [2, 0, 3, 1]
  estimator = row.make(_K)
  one = checks.given(estimator, problem, noise, stopped=row.stopped)
  two = checks.given(estimator, problem, noise[order], stopped=row.stopped)
  np.testing.assert_allclose(one.surrogate.loss, two.surrogate.loss, 1e-13)
  checks.assert_close(one.gradient, two.gradient)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('kind', ['normal', 'chain'])
@every_row
def test_surrogate(
  row: continuous_rows.Row, kind: str, dtype: tf.DType
) -> None:
  contract.check_surrogate(row, kind, dtype)


@pytest.mark.parametrize('kind', ['normal', 'chain'])
@every_row
def test_draw(row: continuous_rows.Row, kind: str) -> None:
  """A function of the seed; `surrogate` is deterministic."""
  problem, estimator = _make(kind), row.make(_K)
  first, again = (checks.drawn(estimator, problem, seed=8) for _ in range(2))
  other = checks.drawn(estimator, problem, seed=9)
  np.testing.assert_array_equal(first.noise, again.noise)
  np.testing.assert_array_equal(first.surrogate.loss, again.surrogate.loss)
  for name, value in first.gradient.items():
    np.testing.assert_array_equal(value, again.gradient[name])
  assert (first.noise != other.noise).all()
  # Neither samples nor examples nor layers share their noise.
  assert len(np.unique(first.noise)) == first.noise.size
