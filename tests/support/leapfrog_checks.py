"""Checks of the leapfrog integrator: reversible, of unit volume, second order.

`tests/contract/mutation_test.py` runs them with faults in place, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tests.support import hamiltonian as cases
from tf_mco.posteriors.hamiltonian import leapfrog

_WEIGHT = tf.constant([[0.9, -0.3], [0.4, 1.1]], tf.float64)
START = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 2)))
MOMENTUM = tf.constant(np.random.default_rng(1).normal(size=(3, 2, 2)))
SIZE = tf.constant([0.2, 0.3], tf.float64)
LOG_DENSITIES = {'gaussian': cases.gaussian, 'curved': cases.curved(_WEIGHT)}
_ALPHAS = (0.8, 0.95, 0.7)


def integrate(
  name: str, position: Any, momentum: Any, sizes: Any, scales: Any
) -> leapfrog.Phase:
  scales = [tf.constant(scale, tf.float64) for scale in scales]
  return leapfrog.integrate(
    LOG_DENSITIES[name], position, momentum, list(sizes), scales
  )


def check_reversible(name: str) -> None:
  """With the momentum turned, and 1 / alpha in turn, the trajectory goes back.

  Tempering comes after a step, hence before the step on the way back.
  """
  end = integrate(name, START, MOMENTUM, [SIZE] * 3, _ALPHAS)
  position, momentum = end.position, -end.momentum
  for alpha in reversed(_ALPHAS):
    back = integrate(name, position, momentum / alpha, [SIZE], [1.0])
    position, momentum = back.position, back.momentum
  np.testing.assert_allclose(position, START, rtol=0, atol=1e-12)
  np.testing.assert_allclose(momentum, -MOMENTUM, rtol=0, atol=1e-12)


def check_volume(name: str) -> None:
  """The determinant of the Jacobian is (prod alpha)^2, in two dimensions."""
  with tf.GradientTape() as tape:
    start = tf.concat([START, MOMENTUM], -1)
    tape.watch(start)
    end = integrate(name, start[..., :2], start[..., 2:], [SIZE] * 3, _ALPHAS)
    flat = tf.reshape(tf.concat([end.position, end.momentum], -1), [6, 4])
    total = tf.reduce_sum(flat, 0)
  jacobian = tf.transpose(tape.jacobian(total, start), [1, 2, 0, 3])
  expected = np.full([3, 2], np.prod(_ALPHAS) ** 2)
  np.testing.assert_allclose(tf.linalg.det(jacobian), expected, rtol=1e-9)


def _energy_error(name: str, num_steps: int) -> float:
  """Returns the largest error of the energy after one unit of time."""
  size = tf.constant(1 / num_steps, tf.float64)
  ones = [1.0] * num_steps
  end = integrate(name, START, MOMENTUM, [size] * num_steps, ones)
  before = LOG_DENSITIES[name](START) - tf.reduce_sum(MOMENTUM**2, -1) / 2
  after = end.log_density - tf.reduce_sum(end.momentum**2, -1) / 2
  return float(np.max(np.abs(after - before)))


def check_second_order(name: str) -> None:
  """The slope of the energy error in the step size is 2."""
  counts = np.array([32, 64, 128])
  errors = [_energy_error(name, count) for count in counts]
  slopes = -np.diff(np.log(errors)) / np.diff(np.log(counts))
  np.testing.assert_allclose(slopes, 2, atol=0.05)


def check_against_numpy(name: str) -> None:
  """The steps are half kick, drift, half kick and tempering, written out."""
  del name
  z, p = START.numpy(), MOMENTUM.numpy()

  def gradient(z: np.ndarray) -> np.ndarray:
    precision = 1 + len(cases.X) / cases.VARIANCE
    return (cases.X - cases.DELTA).sum(0) / cases.VARIANCE - precision * z

  sizes = [np.array([0.2, 0.3]), np.array([0.1, 0.4]), np.array([0.25, 0.25])]
  for size, alpha in zip(sizes, _ALPHAS, strict=True):
    p = p + size / 2 * gradient(z)
    z = z + size * p
    p = alpha * (p + size / 2 * gradient(z))
  end = integrate('gaussian', START, MOMENTUM, map(tf.constant, sizes), _ALPHAS)
  np.testing.assert_allclose(end.position, z, rtol=1e-12)
  np.testing.assert_allclose(end.momentum, p, rtol=1e-12)
  np.testing.assert_allclose(end.gradient, gradient(z), rtol=1e-12, atol=1e-13)
  np.testing.assert_allclose(end.log_density, cases.gaussian(z), rtol=1e-12)


CHECKS: dict[str, Callable[[str], None]] = {
  'reversible': check_reversible,
  'volume': check_volume,
  'second_order': check_second_order,
  'against_numpy': check_against_numpy,
}
