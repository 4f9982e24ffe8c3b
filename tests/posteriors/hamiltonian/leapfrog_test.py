"""The leapfrog integrator: reversible, of unit volume, of second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from tests.support import hamiltonian as cases
from tests.support import leapfrog_checks as checks
from tf_mco.posteriors.hamiltonian import leapfrog

every_log_density = pytest.mark.parametrize('name', checks.LOG_DENSITIES)


@every_log_density
@pytest.mark.parametrize('check', checks.CHECKS)
def test_leapfrog(check: str, name: str) -> None:
  checks.CHECKS[check](name)


def test_evaluations() -> None:
  """There is one more than steps: a gradient serves two half kicks."""
  calls = []

  def counting(z: tf.Tensor) -> tf.Tensor:
    calls.append(z)
    return cases.gaussian(z)

  one = tf.ones([], tf.float64)
  leapfrog.integrate(
    counting, checks.START, checks.MOMENTUM, [checks.SIZE] * 3, [one] * 3
  )
  assert len(calls) == 4


def _products(function: Callable[[], Any]) -> int:
  graph = tf.function(function).get_concrete_function().graph
  return sum(op.type == 'MatMul' for op in graph.get_operations())


@pytest.mark.parametrize('num_steps', [1, 4])
def test_products(num_steps: int) -> None:
  """Nothing is computed twice, neither the value nor in the backward pass.

  An evaluation takes a product forward and one backward, in the position. The
  gradient of training takes two more for each of those: one in the position,
  one in the weight.
  """
  weight = tf.Variable(tf.ones([2, 4], tf.float64))
  start = tf.Variable(checks.START)

  def log_density(z: tf.Tensor) -> tf.Tensor:
    hidden = tf.tanh(tf.matmul(tf.reshape(z, [-1, 2]), weight))
    return tf.reshape(tf.reduce_sum(hidden, -1), z.shape[:2])

  def value() -> tf.Tensor:
    one = tf.ones([], tf.float64)
    sizes, scales = [checks.SIZE] * num_steps, [one] * num_steps
    end = leapfrog.integrate(
      log_density, tf.identity(start), checks.MOMENTUM, sizes, scales
    )
    return end.log_density - tf.reduce_sum(end.momentum**2, -1)

  def gradient() -> list[tf.Tensor]:
    with tf.GradientTape() as tape:
      total = tf.reduce_sum(value())
    return tape.gradient(total, [weight, start])

  assert _products(value) == 2 * (num_steps + 1)
  assert _products(gradient) == 6 * (num_steps + 1)


@pytest.mark.parametrize(
  'log_joint',
  [
    lambda z: tf.reduce_sum(tf.stop_gradient(z), -1),
    lambda z: tf.reduce_sum(tf.cast(z > 0, z.dtype), -1),
    lambda z: tf.zeros(z.shape[:2], z.dtype),
  ],
)
def test_no_gradient(log_joint: Any) -> None:
  with pytest.raises(ValueError, match='differentiable.*Received.*None'):
    leapfrog.start(log_joint, checks.START, checks.MOMENTUM)


def test_a_scale_is_missing() -> None:
  with pytest.raises(ValueError, match='one momentum scale.*Received: 2'):
    checks.integrate(
      'gaussian', checks.START, checks.MOMENTUM, [checks.SIZE] * 2, [1.0]
    )
