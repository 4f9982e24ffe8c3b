"""The leapfrog integrator: reversible, of unit volume, of second order."""

from __future__ import annotations

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
