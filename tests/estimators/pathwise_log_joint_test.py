"""A log-joint may be compiled, may differentiate, or may be vectorized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.support import gaussian_draws as checks
from tf_mco import types

_K = 4
_NAMES = ('dreg', 'aisle-3', 'piwae', 'stl', 'iwae')
_PROBLEMS = {kind: gaussian_problems.make(kind) for kind in ('normal', 'chain')}

Wrap = Callable[[types.LogJoint], types.LogJoint]
every_name = pytest.mark.parametrize('name', _NAMES)


def _gradient(
  name: str,
  kind: str,
  wrap: Callable[[oracle.Parameters], Wrap],
  seed: int = 0,
) -> checks.Gradient:
  """Returns the gradient of the loss for a wrapped log_joint."""
  problem, parameters = _PROBLEMS[kind], _PROBLEMS[kind].rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    log_joint = wrap(parameters)(problem.log_joint(parameters))
    noise = checks.some_noise(problem, _K, seed)
    loss = _loss(name, problem, parameters, noise, log_joint)
  found = tape.gradient(loss, parameters)
  return {key: found[key] for key in problem.names}


def _loss(
  name: str,
  problem: gaussian_problems.Problem,
  parameters: oracle.Parameters,
  noise: Any,
  log_joint: types.LogJoint,
) -> tf.Tensor:
  estimator = table.BY_NAME[name].make(_K)
  draw = types.Draw(problem.samples(parameters, noise))
  posterior = problem.posterior(parameters)
  return estimator.surrogate(log_joint, posterior, draw).loss


def _as_it_is(parameters: oracle.Parameters) -> Wrap:
  del parameters
  return lambda log_joint: log_joint


def _compiled(parameters: oracle.Parameters) -> Wrap:
  del parameters
  return tf.function


def _jitted(parameters: oracle.Parameters) -> Wrap:
  del parameters
  return lambda log_joint: tf.function(log_joint, jit_compile=True)


@pytest.mark.parametrize(
  ('name', 'wrap', 'kind'),
  [
    *((name, _compiled, 'chain') for name in _NAMES),
    *((name, _jitted, 'normal') for name in ('dreg', 'piwae')),
  ],
)
def test_compiled(name: str, wrap: Callable, kind: str) -> None:
  found, expected = (
    _gradient(name, kind, wrap),
    _gradient(name, kind, _as_it_is),
  )
  checks.assert_close(found, expected, 1e-11)


def _penalized(parameters: oracle.Parameters) -> Wrap:
  """Subtracts a tenth of the squared force, by an inner tape."""
  del parameters

  def wrap(log_joint: types.LogJoint) -> types.LogJoint:
    def with_force(z: tf.Tensor) -> tf.Tensor:
      with tf.GradientTape() as inner:
        inner.watch(z)
        value = log_joint(z)
      force = inner.gradient(value, z)
      return value - 0.1 * tf.reduce_sum(force**2, -1)

    return with_force

  return wrap


def _penalized_by_hand(parameters: oracle.Parameters) -> Wrap:
  p = parameters
  noise, prior = (tf.exp(-2 * p[k]) for k in ('log_noise', 'prior_log_scale'))

  def wrap(log_joint: types.LogJoint) -> types.LogJoint:
    def with_force(z: tf.Tensor) -> tf.Tensor:
      error = p['x'] - p['shift'] - p['slope'][:, 0] * z[..., 0]
      force = (p['slope'][:, 0] * error * noise)[..., None]
      force -= (z - p['prior_loc']) * prior
      return log_joint(z) - 0.1 * tf.reduce_sum(force**2, -1)

    return with_force

  return wrap


@every_name
def test_log_joint_with_a_gradient_of_its_own(name: str) -> None:
  """An inner tape in log_joint sees z itself, because no factor is set yet."""
  found = _gradient(name, 'normal', _penalized)
  expected = _gradient(name, 'normal', _penalized_by_hand)
  checks.assert_close(found, expected, 1e-11)


def _vectorized(name: str, *, inside: bool) -> checks.Gradient:
  """Returns the sum over two draws of a vectorized surrogate's gradient."""
  problem, parameters = _PROBLEMS['normal'], _PROBLEMS['normal'].rows()
  noise = tf.stack([checks.some_noise(problem, _K, seed) for seed in (0, 1)])
  log_joint = problem.log_joint(parameters)

  def gradient(loss: Callable[[], tf.Tensor]) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      value = loss()
    found = tape.gradient(value, parameters)
    return {key: found[key] for key in problem.names}

  def one(z: tf.Tensor) -> tf.Tensor:
    return _loss(name, problem, parameters, z, log_joint)

  if inside:
    found = tf.vectorized_map(lambda z: gradient(lambda: one(z)), noise)
    return {key: tf.reduce_sum(value, 0) for key, value in found.items()}
  return gradient(lambda: tf.vectorized_map(one, noise))


def _of_both_draws(name: str) -> checks.Gradient:
  one, two = (_gradient(name, 'normal', _as_it_is, seed) for seed in (0, 1))
  return {key: one[key] + two[key] for key in one}


@every_name
def test_vectorized_map(name: str) -> None:
  found = _vectorized(name, inside=True)
  checks.assert_close(found, _of_both_draws(name), 1e-11)


@every_name
def test_tape_outside_of_vectorized_map(name: str) -> None:
  """What needs no custom gradient is right, and the others are errors."""
  if name == 'iwae':
    found = _vectorized(name, inside=False)
    checks.assert_close(found, _of_both_draws(name), 1e-11)
    return
  with pytest.raises(LookupError, match='put the tape inside of the mapped'):
    _vectorized(name, inside=False)
