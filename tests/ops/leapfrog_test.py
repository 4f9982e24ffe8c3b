"""The leapfrog integrator: reversible, of unit volume, of second order.

The checks are run against planted faults as well, among them those of a
well-known peer: an integrator of the first order, and of volume 1.55.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import hamiltonian_cases as cases
from tf_mco.posteriors.hamiltonian import leapfrog

_WEIGHT = tf.constant([[0.9, -0.3], [0.4, 1.1]], tf.float64)
_START = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 2)))
_MOMENTUM = tf.constant(np.random.default_rng(1).normal(size=(3, 2, 2)))
_SIZE = tf.constant([0.2, 0.3], tf.float64)
_LOG_DENSITIES = {'gaussian': cases.gaussian, 'curved': cases.curved(_WEIGHT)}
_ALPHAS = (0.8, 0.95, 0.7)

every_log_density = pytest.mark.parametrize('name', _LOG_DENSITIES)


def _integrate(
  name: str, position: Any, momentum: Any, sizes: Any, scales: Any
) -> leapfrog.Phase:
  scales = [tf.constant(scale, tf.float64) for scale in scales]
  return leapfrog.integrate(
    _LOG_DENSITIES[name], position, momentum, list(sizes), scales
  )


def _check_reversible(name: str) -> None:
  """With the momentum turned, and 1 / alpha in turn, it goes back.

  Tempering comes after a step, hence before it on the way back.
  """
  end = _integrate(name, _START, _MOMENTUM, [_SIZE] * 3, _ALPHAS)
  position, momentum = end.position, -end.momentum
  for alpha in reversed(_ALPHAS):
    back = _integrate(name, position, momentum / alpha, [_SIZE], [1.0])
    position, momentum = back.position, back.momentum
  np.testing.assert_allclose(position, _START, rtol=0, atol=1e-12)
  np.testing.assert_allclose(momentum, -_MOMENTUM, rtol=0, atol=1e-12)


def _check_volume(name: str) -> None:
  """The determinant of the Jacobian is (prod alpha)^2, in two dimensions."""
  with tf.GradientTape() as tape:
    start = tf.concat([_START, _MOMENTUM], -1)
    tape.watch(start)
    end = _integrate(name, start[..., :2], start[..., 2:], [_SIZE] * 3, _ALPHAS)
    flat = tf.reshape(tf.concat([end.position, end.momentum], -1), [6, 4])
    total = tf.reduce_sum(flat, 0)
  jacobian = tf.transpose(tape.jacobian(total, start), [1, 2, 0, 3])
  expected = np.full([3, 2], np.prod(_ALPHAS) ** 2)
  np.testing.assert_allclose(tf.linalg.det(jacobian), expected, rtol=1e-9)


def _energy_error(name: str, num_steps: int) -> float:
  """Returns the largest error of the energy after one unit of time."""
  size = tf.constant(1 / num_steps, tf.float64)
  ones = [1.0] * num_steps
  end = _integrate(name, _START, _MOMENTUM, [size] * num_steps, ones)
  before = _LOG_DENSITIES[name](_START) - tf.reduce_sum(_MOMENTUM**2, -1) / 2
  after = end.log_density - tf.reduce_sum(end.momentum**2, -1) / 2
  return float(np.max(np.abs(after - before)))


def _check_second_order(name: str) -> None:
  """The slope of the energy error in the step size is 2."""
  counts = np.array([32, 64, 128])
  errors = [_energy_error(name, count) for count in counts]
  slopes = -np.diff(np.log(errors)) / np.diff(np.log(counts))
  np.testing.assert_allclose(slopes, 2, atol=0.05)


def _check_against_numpy(name: str) -> None:
  """Half kick, drift, half kick, tempering; written out."""
  del name
  z, p = _START.numpy(), _MOMENTUM.numpy()

  def gradient(z: np.ndarray) -> np.ndarray:
    precision = 1 + len(cases.X) / cases.VARIANCE
    return (cases.X - cases.DELTA).sum(0) / cases.VARIANCE - precision * z

  sizes = [np.array([0.2, 0.3]), np.array([0.1, 0.4]), np.array([0.25, 0.25])]
  for size, alpha in zip(sizes, _ALPHAS, strict=True):
    p = p + size / 2 * gradient(z)
    z = z + size * p
    p = alpha * (p + size / 2 * gradient(z))
  end = _integrate(
    'gaussian', _START, _MOMENTUM, map(tf.constant, sizes), _ALPHAS
  )
  np.testing.assert_allclose(end.position, z, rtol=1e-12)
  np.testing.assert_allclose(end.momentum, p, rtol=1e-12)
  np.testing.assert_allclose(end.gradient, gradient(z), rtol=1e-12, atol=1e-13)
  np.testing.assert_allclose(end.log_density, cases.gaussian(z), rtol=1e-12)


_CHECKS = {
  'reversible': _check_reversible,
  'volume': _check_volume,
  'second_order': _check_second_order,
  'numpy': _check_against_numpy,
}


@every_log_density
@pytest.mark.parametrize('check', _CHECKS)
def test_leapfrog(check: str, name: str) -> None:
  _CHECKS[check](name)


def _unhalved(
  log_density: Any, phase: Any, step_size: Any, scale: Any
) -> leapfrog.Phase:
  """The position moves by the momentum before the half kick."""
  momentum = phase.momentum + 0.5 * step_size * phase.gradient
  position = phase.position + step_size * phase.momentum
  value, gradient = leapfrog._value_and_gradient(log_density, position)
  momentum = momentum + 0.5 * step_size * gradient
  return leapfrog.Phase(position, scale * momentum, value, gradient)


def _overwritten(*arguments: Any) -> leapfrog.Phase:
  """The tempered momentum is overwritten by the untempered one."""
  *others, scale = arguments
  return _STEP(*others, tf.ones_like(scale))


def _old_gradient(
  log_density: Any, phase: Any, step_size: Any, scale: Any
) -> leapfrog.Phase:
  """The second half kick has the gradient of the first."""
  momentum = phase.momentum + step_size * phase.gradient
  position = phase.position + step_size * (momentum + phase.momentum) / 2
  value, gradient = leapfrog._value_and_gradient(log_density, position)
  return leapfrog.Phase(position, scale * momentum, value, gradient)


def _before(
  log_density: Any, phase: Any, step_size: Any, scale: Any
) -> leapfrog.Phase:
  """Tempering comes before the second half kick."""
  end = _STEP(log_density, phase, step_size, tf.ones_like(scale))
  kick = 0.5 * step_size * end.gradient
  return end._replace(momentum=scale * (end.momentum - kick) + kick)


def _downhill(
  log_density: Any, phase: Any, step_size: Any, scale: Any
) -> leapfrog.Phase:
  """The sign of the force is wrong at the end."""
  end = _STEP(log_density, phase, step_size, tf.ones_like(scale))
  return end._replace(
    momentum=scale * (end.momentum - step_size * end.gradient)
  )


_STEP = leapfrog.step
_FAULTS: list[tuple[Callable, str]] = [
  (_unhalved, 'second_order'),
  (_unhalved, 'volume'),
  (_unhalved, 'reversible'),
  (_unhalved, 'numpy'),
  (_overwritten, 'volume'),
  (_overwritten, 'reversible'),
  (_overwritten, 'numpy'),
  (_old_gradient, 'second_order'),
  (_old_gradient, 'volume'),
  (_before, 'reversible'),
  (_before, 'numpy'),
  (_downhill, 'second_order'),
]


@pytest.mark.parametrize(('fault', 'check'), _FAULTS)
def test_fault_is_found(
  fault: Callable, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
  monkeypatch.setattr(leapfrog, 'step', fault)
  with pytest.raises(AssertionError):
    _CHECKS[check]('gaussian')


def test_evaluations() -> None:
  """One more than there are steps: a gradient serves two half kicks."""
  calls = []

  def counting(z: tf.Tensor) -> tf.Tensor:
    calls.append(z)
    return cases.gaussian(z)

  one = tf.ones([], tf.float64)
  leapfrog.integrate(counting, _START, _MOMENTUM, [_SIZE] * 3, [one] * 3)
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
    leapfrog.start(log_joint, _START, _MOMENTUM)


def test_a_scale_is_missing() -> None:
  with pytest.raises(ValueError, match='one momentum scale.*Received: 2'):
    _integrate('gaussian', _START, _MOMENTUM, [_SIZE] * 2, [1.0])
