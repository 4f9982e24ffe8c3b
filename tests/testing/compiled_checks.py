"""Checks that graphs compute what eager code does."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tests.testing import behaviour_checks
from tests.testing import rows
import tf_mco
from tf_mco import types


def check_jit_surrogate(case: rows.Case) -> None:
  """A jitted surrogate and its gradient are what eager code gives."""
  problem, parameters = case.problem, case.problem.rows()

  def step(parameters: Any, draw: types.Draw) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      surrogate = case.estimator.surrogate(
        problem.log_joint(parameters), problem.posterior(parameters), draw
      )
    return *surrogate, tape.gradient(surrogate.loss, parameters)

  draw = behaviour_checks.draw_of(case, seed=11)
  compiled = tf.function(step, jit_compile=True)
  behaviour_checks.assert_close(
    tf.nest.flatten(compiled(parameters, draw)),
    tf.nest.flatten(step(parameters, draw)),
  )


def check_jit_draw(case: rows.Case) -> None:
  """A jitted draw is the one that eager code makes from the same seed."""
  problem = behaviour_checks.many_examples(case).problem
  parameters = problem.rows()

  def draw(seed: tf.Tensor) -> list[tf.Tensor]:
    result = case.estimator.draw(
      problem.log_joint(parameters), problem.posterior(parameters), seed=seed
    )
    return tf.nest.flatten((result.samples, result.pairs))

  seed = tf.constant([11, 0])
  jitted = tf.function(draw, jit_compile=True)
  behaviour_checks.assert_close(jitted(seed), draw(seed))


def check_unknown_batch_size(case: rows.Case) -> None:
  """A graph that is not told the batch size gives what eager code gives."""
  problem, parameters = case.problem, case.problem.rows()

  def step(parameters: Any, seed: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
      tape.watch(parameters)
      surrogate = tf_mco.estimate(
        case.estimator,
        problem.log_joint(parameters),
        problem.posterior(parameters),
        seed=seed,
      )
    return *surrogate, tape.gradient(surrogate.loss, parameters)

  seed = tf.constant([11, 0])
  specs = {
    name: tf.TensorSpec([None, *value.shape[1:]], value.dtype)
    for name, value in parameters.items()
  }
  graph = tf.function(step).get_concrete_function(specs, seed)
  behaviour_checks.assert_close(
    tf.nest.flatten(graph(parameters, seed)),
    tf.nest.flatten(step(parameters, seed)),
  )
