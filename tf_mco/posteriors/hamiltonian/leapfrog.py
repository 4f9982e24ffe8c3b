"""The leapfrog integrator: half kick, drift, half kick, and tempering.

The Hamiltonian is U(z) + |p|^2 / 2, with the potential U(z) = -log p(x, z). A
step is reversible and keeps the volume, so that it changes no density.
Tempering multiplies the momentum, and with it the volume.

Reference: Neal (2011), section 5.2, arXiv:1206.1901.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tf_mco.posteriors.hamiltonian import recompute as recompute_lib

# Maps positions `[K, B, ...]` to `[K, B]`, in nats.
LogDensity = Callable[[tf.Tensor], tf.Tensor]


class Phase(NamedTuple):
  """A point of a trajectory."""

  position: tf.Tensor  # `[K, B, ...]`
  momentum: tf.Tensor  # `[K, B, ...]`
  log_density: tf.Tensor  # `[K, B]` at the position, nats
  gradient: tf.Tensor  # `[K, B, ...]`, of log_density in the position


def start(
  log_density: LogDensity, position: tf.Tensor, momentum: tf.Tensor
) -> Phase:
  """Returns the first point of a trajectory.

  Raises:
    ValueError: if log_density has no gradient in the position.
  """
  value, gradient = _value_and_gradient(log_density, position)
  return Phase(position, momentum, value, gradient)


def step(
  log_density: LogDensity,
  phase: Phase,
  step_size: tf.Tensor,
  scale: tf.Tensor,
) -> Phase:
  """Returns the phase after half kick, drift, half kick and tempering.

  One evaluation of log_density and of its gradient suffices, because tempering
  does not move the position, so that the next half kick uses the same gradient
  again.

  Args:
    log_density: the function of `integrate`.
    phase: the point where the step starts. Gradients flow to all of its parts.
    step_size: broadcasts against positions.
    scale: the factor of the momentum after the step; it broadcasts likewise.
  """
  momentum = phase.momentum + 0.5 * step_size * phase.gradient
  position = phase.position + step_size * momentum
  value, gradient = _value_and_gradient(log_density, position)
  momentum = momentum + 0.5 * step_size * gradient
  return Phase(position, scale * momentum, value, gradient)


def integrate(
  log_density: LogDensity,
  position: tf.Tensor,
  momentum: tf.Tensor,
  step_sizes: Sequence[tf.Tensor],
  scales: Sequence[tf.Tensor],
  *,
  recompute: bool = False,
) -> Phase:
  """Returns the end of a trajectory, `len(step_sizes)` steps long.

  The steps are unrolled, so that XLA compiles their gradient. Memory grows
  linearly in the number of steps. The steps evaluate log_density and its
  gradient once more often than there are steps.

  Args:
    log_density: maps positions `[K, B, ...]` to `[K, B]`, in nats. Each value
      depends on its own position only. Second derivatives flow through the
      gradient of the function, to the positions and to its parameters.
    position: `[K, B, ...]`, where the trajectory starts.
    momentum: `[K, B, ...]`, at the start.
    step_sizes: one for each step, broadcast against positions.
    scales: the factor of the momentum after each step, broadcast likewise.
    recompute: whether a compiled step keeps its phase alone, and is computed
      again in the backward pass. That takes the memory of one step, and one
      more forward pass.
  Raises:
    ValueError: if log_density has no gradient in the position, or there is not
      one scale for each step.
  """
  if len(step_sizes) != len(scales):
    raise ValueError(
      'Expected one momentum scale for each step. Received: '
      f'{len(step_sizes)} step sizes and {len(scales)} scales'
    )

  def run(function: Callable, *inputs: tf.Tensor) -> Phase:
    if recompute:
      return Phase(*recompute_lib.recompute(function, *inputs))
    return function(*inputs)

  def one_start(*inputs: tf.Tensor) -> Phase:
    return start(log_density, *inputs)

  def one_step(*inputs: tf.Tensor) -> Phase:
    return step(log_density, Phase(*inputs[:4]), *inputs[4:])

  phase = run(one_start, position, momentum)
  for step_size, scale in zip(step_sizes, scales, strict=True):
    phase = run(one_step, *phase, step_size, scale)
  return phase


def _value_and_gradient(
  log_density: LogDensity, position: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the log-density and its gradient, both differentiable."""
  with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(position)
    value = log_density(position)
  gradient = tape.gradient(value, position)
  if gradient is None:
    name = getattr(log_density, '__name__', 'log_joint')
    raise ValueError(
      'A Hamiltonian trajectory follows the gradient of `log_joint` in its '
      'samples. Expected: a differentiable function. Received: '
      f'`{name}`, which has no gradient (None) in samples of shape '
      f'{position.shape}'
    )
  return value, tf.convert_to_tensor(gradient)
