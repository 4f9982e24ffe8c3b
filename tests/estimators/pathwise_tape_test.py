"""Tapes of every kind work around estimators that scale a cotangent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.support import gaussian_draws as checks
import tf_mco
from tf_mco import types

_K = 4
_NAMES = ('dreg', 'aisle-3', 'piwae', 'stl', 'iwae')
_PROBLEMS = {kind: gaussian_problems.make(kind) for kind in ('normal', 'chain')}

both_kinds = pytest.mark.parametrize('kind', _PROBLEMS)
every_name = pytest.mark.parametrize('name', _NAMES)


def _make(name: str) -> tf_mco.Estimator:
  return table.BY_NAME[name].make(_K)


def _loss(
  estimator: tf_mco.Estimator,
  kind: str,
  parameters: oracle.Parameters,
  noise: Any,
) -> tf.Tensor:
  problem = _PROBLEMS[kind]
  draw = types.Draw(problem.samples(parameters, noise))
  return estimator.surrogate(
    problem.log_joint(parameters), problem.posterior(parameters), draw
  ).loss


def _noise(kind: str, seed: int = 0) -> np.ndarray:
  return checks.some_noise(_PROBLEMS[kind], _K, seed)


def _alone(name: str, kind: str, seed: int = 0) -> checks.Gradient:
  """Returns the gradient of the loss in a tape of its own."""
  problem = _PROBLEMS[kind]
  found = checks.given(_make(name), problem, _noise(kind, seed)).gradient
  return {key: -value for key, value in found.items()}


def _of_names(kind: str, gradient: Any) -> checks.Gradient:
  return {name: gradient[name] for name in _PROBLEMS[kind].names}


@both_kinds
def test_persistent_tape_in_any_order(kind: str) -> None:
  """Each estimator has its own factor, asked for last first, and twice."""
  parameters = _PROBLEMS[kind].rows()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    losses = {
      name: _loss(_make(name), kind, parameters, _noise(kind))
      for name in _NAMES
    }
  for name in (*reversed(_NAMES), *_NAMES):
    found = tape.gradient(losses[name], parameters)
    checks.assert_close(_of_names(kind, found), _alone(name, kind))


@both_kinds
@every_name
def test_one_object_twice_in_one_tape(name: str, kind: str) -> None:
  """The factor of the second draw does not replace the first draw's."""
  estimator, parameters = _make(name), _PROBLEMS[kind].rows()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    first = _loss(estimator, kind, parameters, _noise(kind, 0))
    second = _loss(estimator, kind, parameters, _noise(kind, 1))
    both = first - 3 * second
  one, two = _alone(name, kind, 0), _alone(name, kind, 1)
  found = tape.gradient(first, parameters)
  checks.assert_close(_of_names(kind, found), one)
  expected = {key: one[key] - 3 * two[key] for key in one}
  found = tape.gradient(both, parameters)
  checks.assert_close(_of_names(kind, found), expected, 1e-11)


@both_kinds
def test_shared_samples(kind: str) -> None:
  """Several estimators use one draw, in one sum."""
  problem, parameters = _PROBLEMS[kind], _PROBLEMS[kind].rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    draw = types.Draw(problem.samples(parameters, _noise(kind)))
    terms = [
      scale
      * _make(name)
      .surrogate(
        problem.log_joint(parameters), problem.posterior(parameters), draw
      )
      .loss
      for scale, name in enumerate(_NAMES, 1)
    ]
    total = tf.add_n(terms)
  found = _of_names(kind, tape.gradient(total, parameters))
  alone = [_alone(name, kind) for name in _NAMES]
  expected = {
    key: sum(scale * one[key] for scale, one in enumerate(alone, 1))
    for key in found
  }
  checks.assert_close(found, expected, 1e-11)


@pytest.mark.parametrize(
  ('name', 'kind'), [*((name, 'normal') for name in _NAMES), ('dreg', 'chain')]
)
def test_jacobian(name: str, kind: str) -> None:
  """The backward pass is vectorized, and rows do not mix."""
  parameters = _PROBLEMS[kind].rows()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(parameters)
    loss = _loss(_make(name), kind, parameters, _noise(kind))
  expected = _alone(name, kind)
  for key in ('loc', 'log_scale', 'slope'):
    jacobian = tape.jacobian(loss, parameters[key]).numpy()
    rows = np.arange(len(jacobian))
    np.testing.assert_allclose(
      jacobian[rows, rows], expected[key], rtol=1e-11, atol=1e-12
    )
    jacobian[rows, rows] = 0
    np.testing.assert_array_equal(jacobian, np.zeros_like(jacobian))
