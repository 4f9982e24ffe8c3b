"""Transformations of TensorFlow are right, or errors that name the cure.

A tape may stand outside of `tf.vectorized_map` or of a loop, a second tape
around the first, and a `ForwardAccumulator` in place of a tape. A check raises
AssertionError where a number comes out that is not the derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tests.contract import checks
from tests.contract import table
from tests.contract.oracles import oracle

# Maps the parameters that have a gradient to the loss of one draw, `[N]`.
Loss: TypeAlias = Callable[[oracle.Parameters], tf.Tensor]

# What the messages of the errors say.
OUTSIDE = 'put the tape inside of the mapped function'
SECOND = 'the second derivative of this estimator is not implemented'
FORWARD = 'tf.GradientTape'


def right_or_error(
  words: str, fn: Callable[[], Any], expected: Any, *, always: bool = False
) -> None:
  """Asserts that a call gives what is expected, or an error that helps.

  Args:
    words: what the message of the error says.
    fn: what is called.
    expected: a nest of what the call gives where it raises no error.
    always: whether an error is wrong.
  """
  try:
    found = fn()
  except Exception as error:
    # A graph reports a LookupError as an error of staging, with its text.
    assert words in str(error), error
    assert not always, error
  else:
    checks.assert_close(
      tf.nest.flatten(found), tf.nest.flatten(expected), (1e-9, 1e-10)
    )


def check_mapped(case: table.Case) -> None:
  """A tape inside of `vectorized_map` is right; outside it may be an error."""
  trained = _trained(case)
  sources = [case.some(seed).source for seed in (0, 1)]
  each = [_gradient(_loss(case, source), trained) for source in sources]
  expected = tf.nest.map_structure(lambda *g: tf.add_n(g), *each)
  stack = tf.nest.map_structure(lambda *z: tf.stack(z), *sources)
  found = tf.vectorized_map(
    lambda source: _gradient(_loss(case, source), trained), stack
  )
  found = tf.nest.map_structure(lambda g: tf.reduce_sum(g, 0), found)
  checks.assert_close(found.values(), expected.values(), (1e-9, 1e-10))
  outside = _outside(case, stack)
  right_or_error(
    OUTSIDE,
    lambda: outside(trained, tf.vectorized_map),
    expected,
    always=case.row.attached,
  )


def check_mapped_in_graph(case: table.Case) -> None:
  """The same holds within a graph, and loops are right with any tape."""
  trained = _trained(case)
  sources = [case.some(seed).source for seed in (0, 1)]
  each = [_gradient(_loss(case, source), trained) for source in sources]
  expected = tf.nest.map_structure(lambda *g: tf.add_n(g), *each)
  stack = tf.nest.map_structure(lambda *z: tf.stack(z), *sources)
  outside = _outside(case, stack)
  for mapping in (_loop, tf.vectorized_map):
    graph = tf.function(outside, autograph=False)
    right_or_error(
      OUTSIDE,
      lambda graph=graph, mapping=mapping: graph(trained, mapping),
      expected,
      always=mapping is _loop or case.row.attached,
    )


def _outside(case: table.Case, stack: Any) -> Callable:
  """Returns the gradient by a tape around a map over the draws in `stack`."""

  def gradient(trained: oracle.Parameters, mapping: Callable) -> Any:
    def total(trained: oracle.Parameters) -> tf.Tensor:
      losses = mapping(lambda source: _loss(case, source)(trained), stack)
      return tf.reduce_sum(losses, 0)

    return _gradient(total, trained)

  return gradient


def _loop(fn: Callable, stack: Any) -> tf.Tensor:
  return tf.map_fn(fn, stack, fn_output_signature=tf.float64)


def check_jacobian(case: table.Case) -> None:
  """The Jacobian of the losses has their gradients on its diagonal."""
  trained, loss = _trained(case), _loss(case, case.some().source)

  @tf.function(autograph=False)
  def jacobian(trained: oracle.Parameters, pfor: bool) -> oracle.Parameters:
    with tf.GradientTape() as tape:
      tape.watch(trained)
      value = loss(trained)
    return tape.jacobian(value, trained, experimental_use_pfor=pfor)

  rows = range(case.problem.num_examples)
  expected = _gradient(loss, trained)
  for pfor in (True, False):
    found = jacobian(trained, pfor)
    diagonal = [tf.stack([j[r, r] for r in rows]) for j in found.values()]
    checks.assert_close(diagonal, expected.values(), (1e-9, 1e-10))


def check_first_order(case: table.Case) -> None:
  """A second derivative in any two groups of parameters is an error."""
  trained, loss = _trained(case), _loss(case, case.some().source)
  names = case.problem.names
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(trained)
    slopes = _gradient(loss, trained)
  for name in names:
    for other in names:
      _assert_first_order(
        lambda n=name, o=other: tape.gradient(slopes[n], trained[o])
      )

  def second(trained: oracle.Parameters) -> oracle.Parameters:
    with tf.GradientTape() as tape:
      tape.watch(trained)
      slope = _gradient(loss, trained)[names[0]]
    return tape.gradient(slope, trained)

  _assert_first_order(lambda: tf.function(second, autograph=False)(trained))


def _assert_first_order(second: Callable[[], Any]) -> None:
  try:
    found = second()
  except Exception as error:  # a LookupError, or a graph's error with its text
    assert SECOND in str(error), error
  else:
    raise AssertionError(f'a second derivative came out: {found}')


def check_forward_mode(case: table.Case) -> None:
  """The forward mode gives the gradient times the tangent, or an error."""
  trained, loss = _trained(case), _loss(case, case.some().source)
  rng = np.random.default_rng(0)
  tangents = {
    name: tf.constant(rng.normal(size=value.shape))
    for name, value in trained.items()
  }
  gradient = _gradient(loss, trained)
  expected = tf.add_n(
    [
      tf.reduce_sum(tf.reshape(gradient[name] * tangent, [len(tangent), -1]), 1)
      for name, tangent in tangents.items()
    ]
  )

  def forward(loss: Loss) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(trained, tangents) as accumulator:
      value = loss(trained)
    return accumulator.jvp(value)

  compiled = tf.function(loss, autograph=False)
  always = case.row.attached
  right_or_error(FORWARD, lambda: forward(loss), expected, always=always)
  right_or_error(FORWARD, lambda: forward(compiled), expected, always=always)


def _loss(case: table.Case, source: Any) -> Loss:
  """Returns the loss of a draw as a function of the trained parameters."""
  problem, estimator = case.problem, case.estimator

  def loss(trained: oracle.Parameters) -> tf.Tensor:
    parameters = {**problem.rows(), **trained}
    draw = problem.draw(parameters, source, stopped=case.row.stopped)
    log_joint = problem.log_joint(parameters)
    posterior = problem.posterior(parameters)
    return estimator.surrogate(log_joint, posterior, draw).loss

  return loss


def _trained(case: table.Case) -> oracle.Parameters:
  """Returns the parameters that have a gradient."""
  parameters = case.problem.rows()
  return {name: parameters[name] for name in case.problem.names}


def _gradient(loss: Loss, trained: oracle.Parameters) -> oracle.Parameters:
  with tf.GradientTape() as tape:
    tape.watch(trained)
    value = loss(trained)
  return tape.gradient(value, trained)
