"""The factor that is read late is read right in loops and branches.

`cotangents.CotangentScale` learns its factor after the forward pass. Here that
pass is in the body of a loop or a branch, with several estimators in one tape,
and the tape is around the compiled function, inside it, or inside the body.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import oracle
from tests.support import gaussian_draws as checks
from tf_mco import types

_STEPS, _K = 2, 2
# Each with a coefficient of its own: they cannot stand for one another.
_ESTIMATORS = [
  (coefficient, table.BY_NAME[name].make(_K))
  for name, coefficient in (('dreg', 1.0), ('aisle-3', 0.3), ('piwae', -2.3))
]
_PROBLEMS = {
  kind: gaussian_problems.make(kind, 2) for kind in ('normal', 'chain')
}

Parameters = oracle.Parameters
Loss = Callable[[Parameters, tf.Tensor], tf.Tensor]


def _noise(kind: str) -> tf.Tensor:
  """Returns `[T, K, N, E]`."""
  problem = _PROBLEMS[kind]
  steps = range(_STEPS)
  return tf.constant(
    np.stack([checks.some_noise(problem, _K, seed=step) for step in steps])
  )


def _loss(kind: str, parameters: Parameters, noise: tf.Tensor) -> tf.Tensor:
  """Returns the losses of all estimators at one step, added up."""
  problem = _PROBLEMS[kind]
  draw = types.Draw(problem.samples(parameters, noise))
  log_joint = problem.log_joint(parameters)
  posterior = problem.posterior(parameters)
  terms = [
    coefficient * estimator.surrogate(log_joint, posterior, draw).loss
    for coefficient, estimator in _ESTIMATORS
  ]
  return tf.reduce_sum(tf.add_n(terms))


def _expected(kind: str) -> checks.Gradient:
  """Returns the sum of what each gives alone, in a tape of its own."""
  total: checks.Gradient = {}
  for noise in _noise(kind).numpy():
    for coefficient, estimator in _ESTIMATORS:
      found = checks.given(estimator, _PROBLEMS[kind], noise).gradient
      for name, value in found.items():
        total[name] = total.get(name, 0.0) - coefficient * value
  return total


def _gradient(kind: str, loss: Loss, noise: tf.Tensor) -> checks.Gradient:
  """Returns the gradient of a loss, the tape around it."""
  problem = _PROBLEMS[kind]
  parameters = problem.rows()
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    value = loss(parameters, noise)
  found = tape.gradient(value, parameters)
  return {name: found[name] for name in problem.names}


def _while_loop(kind: str) -> Loss:
  def loss(parameters: Parameters, noise: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(
      lambda step, _: step < _STEPS,
      lambda step, sum: (step + 1, sum + _loss(kind, parameters, noise[step])),
      (tf.constant(0), tf.zeros([], tf.float64)),
      maximum_iterations=_STEPS,
    )[1]

  return loss


def _range(kind: str) -> Loss:
  def loss(parameters: Parameters, noise: tf.Tensor) -> tf.Tensor:
    total = tf.zeros([], tf.float64)
    for step in tf.range(_STEPS):
      total += _loss(kind, parameters, noise[step])
    return total

  return tf.autograph.to_graph(loss)


def _map(kind: str) -> Loss:
  return lambda parameters, noise: tf.reduce_sum(
    tf.map_fn(lambda one: _loss(kind, parameters, one), noise)
  )


def _cond(kind: str) -> Loss:
  def step(parameters: Parameters, noise: tf.Tensor) -> tf.Tensor:
    return tf.cond(
      noise[0, 0, 0] < 1e9,
      lambda: _loss(kind, parameters, noise),
      lambda: tf.zeros([], tf.float64),
    )

  return lambda parameters, noise: tf.add_n(
    [step(parameters, one) for one in tf.unstack(noise)]
  )


@pytest.mark.parametrize(
  ('loop', 'kind', 'around'),
  [
    (_while_loop, 'normal', 'function'),
    (_while_loop, 'normal', 'loop'),
    (_range, 'normal', 'function'),
    (_map, 'normal', 'loop'),
    (_cond, 'normal', 'function'),
  ],
)
def test_tape_around(loop: Callable, kind: str, around: str) -> None:
  loss = loop(kind)
  if around == 'function':
    compiled = tf.function(loss)
    gradient = lambda noise: _gradient(kind, compiled, noise)  # noqa: E731
  else:
    gradient = tf.function(lambda noise: _gradient(kind, loss, noise))
  for _ in range(2):
    checks.assert_close(gradient(_noise(kind)), _expected(kind), 1e-11)


def test_tape_around_a_jitted_loop() -> None:
  loss = _range('normal')
  compiled = tf.function(
    lambda noise: _gradient('normal', loss, noise), jit_compile=True
  )
  noise = _noise('normal')
  checks.assert_close(compiled(noise), _expected('normal'), 1e-11)


@pytest.mark.parametrize('jit', [False, True], ids=['graph', 'jit'])
def test_tape_inside_the_body(jit: bool) -> None:
  """So does `fit` with several steps per execution."""

  def all_steps(noise: tf.Tensor) -> checks.Gradient:
    parameters = _PROBLEMS['chain'].rows()
    total = {
      name: tf.zeros_like(parameters[name]) for name in _PROBLEMS['chain'].names
    }
    for step in tf.range(_STEPS):
      found = _gradient(
        'chain', lambda p, one: _loss('chain', p, one), noise[step]
      )
      total = {name: total[name] + found[name] for name in total}
    return total

  compiled = tf.function(all_steps, jit_compile=jit)
  for _ in range(2):
    checks.assert_close(compiled(_noise('chain')), _expected('chain'), 1e-11)
