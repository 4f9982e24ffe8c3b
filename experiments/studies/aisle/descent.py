"""Stochastic gradient descent on many repeats of a Gaussian target at once.

The repeats and their observations share one batch axis, B = R N; the
gradient of a repeat is a mean over its observations. The loop over steps is one
compiled function.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import target as gaussian_target
import tf_mco
from tf_mco import random
from tf_mco._tfp import tfd

OPTIMIZERS = ('sgd', 'adam')
RULES = {'none': 0, 'sgd': 1, 'adam': 2}
_BETA1, _BETA2 = 0.9, 0.999
_EPSILON = 1e-8
# Rounding turns a gradient of 0 into one whose L1 norm is below this number.
# Either optimizer would scale such a gradient up to a full step.
_ROUNDING = 1e-12


class State(NamedTuple):
  """Parameters and Adam's averages, `[R, P]` each: all that a step needs.

  They are tensors in the compiled loop, and NumPy arrays outside.
  """

  phi: tf.Tensor
  first: tf.Tensor  # running mean of the gradients
  second: tf.Tensor  # running mean of their squares


class Sums(NamedTuple):
  """Sums over the gradients of all steps so far."""

  gradient: tf.Tensor  # `[R, P]`
  square: tf.Tensor  # `[R, P]`
  norm: tf.Tensor  # `[R]`, L1


def gradient(
  estimator: tf_mco.Estimator,
  phi: tf.Tensor,
  data: gaussian_target.Data,
  *,
  seed: tf.Tensor,
  replicates: int = 1,
) -> tf.Tensor:
  """Returns `[R, P]`, the gradient of minus the mean bound of a repeat.

  Args:
    estimator: of the gradient.
    phi: `[R, P]`.
    data: of R repeats.
    seed: int32 `[2]`.
    replicates: copies of every observation, for independent estimates.
  """
  x = tf.repeat(data.x, replicates, axis=1)
  dims, copies = x.shape[2], x.shape[1]
  with tf.GradientTape() as tape:
    tape.watch(phi)
    slope, offset, log_scale = gaussian_target.unpack(phi, dims)
    loc = tf.einsum('rnd,red->rne', x, slope) + offset[:, tf.newaxis]
    scale = _per_observation(tf.exp(log_scale), copies)
    posterior = tfd.Independent(
      tfd.Normal(tf.reshape(loc, [-1, dims]), scale), 1
    )
    surrogate = tf_mco.estimate(
      estimator, _log_joint(x, data), posterior, seed=seed
    )
    loss = tf.reduce_sum(surrogate.loss) / copies
  return tape.gradient(loss, phi)


def l1_normalized(vectors: tf.Tensor) -> tf.Tensor:
  """Returns `[R, P]` whose rows have L1 norm 1, but for those that are 0."""
  return tf.math.divide_no_nan(vectors, _l1_norm(vectors))


class Descent:
  """A loop over steps, compiled once for all targets of one shape."""

  def __init__(self, method: str, *, samples: int, alpha: float):
    """Compiles nothing yet.

    Args:
      method: a name of `methods.METHODS`.
      samples: K.
      alpha: the divergence of the methods that have one.
    """
    chosen = gaussian_methods.METHODS[method]
    self._estimator = chosen.make(samples, alpha)
    self._replicates = samples if chosen.replicated else 1
    self._compiled = tf.function(self._loop, jit_compile=True, autograph=False)

  def __call__(
    self,
    state: State,
    data: gaussian_target.Data,
    *,
    seed: tf.Tensor,
    start: int,
    stop: int,
    rule: str,
  ) -> tuple[State, Sums]:
    """Returns the state after some more steps, as NumPy arrays.

    Args:
      state: after `start` steps.
      data: of R repeats.
      seed: int32 `[2]`; each step folds its number into it.
      start: steps done.
      stop: steps done at the end.
      rule: 'sgd', 'adam', or 'none' to stay at `state.phi`. Step i, from 1, has
        the learning rate i^(-1/2).
    """
    state_and_sums = self._compiled(
      State(*map(tf.constant, state)),
      data,
      seed,
      *(tf.constant(n, tf.int32) for n in (start, stop, RULES[rule])),
    )
    return tf.nest.map_structure(lambda tensor: tensor.numpy(), state_and_sums)

  def _loop(
    self,
    state: State,
    data: gaussian_target.Data,
    seed: tf.Tensor,
    start: tf.Tensor,
    stop: tf.Tensor,
    rule: tf.Tensor,
  ) -> tuple[State, Sums]:
    def body(step: tf.Tensor, state: State, sums: Sums) -> tuple:
      g = gradient(
        self._estimator,
        state.phi,
        data,
        seed=random.fold_in(seed, step),
        replicates=self._replicates,
      )
      return step + 1, _update(state, g, step + 1, rule), _add(sums, g)

    zero = tf.zeros_like(state.phi)
    sums = Sums(zero, zero, zero[:, 0])
    _, state, sums = tf.while_loop(
      lambda step, *_: step < stop, body, (start, state, sums)
    )
    return state, sums


def _l1_norm(vectors: tf.Tensor) -> tf.Tensor:
  """Returns `[R, 1]`."""
  return tf.reduce_sum(tf.abs(vectors), axis=1, keepdims=True)


def _per_observation(rows: tf.Tensor, copies: int) -> tf.Tensor:
  """Returns `[B, D]` from `[R, D]`."""
  return tf.repeat(rows, copies, axis=0)


def _log_joint(
  x: tf.Tensor, data: gaussian_target.Data
) -> tf_mco.types.LogJoint:
  """Returns z `[K, B, D]` -> log p(x, z) up to a constant, `[K, B]`."""
  mu = _per_observation(data.mu, x.shape[1])
  x = tf.reshape(x, [-1, x.shape[2]])

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    root = tf.einsum('kbd,ed->kbe', z - mu, data.precision_root)
    squares = tf.square(root) + tf.square(z - x)
    return -0.5 * tf.reduce_sum(squares, axis=-1)

  return log_joint


def _update(state: State, g: tf.Tensor, t: tf.Tensor, rule: tf.Tensor) -> State:
  """Returns the state after step t, from 1."""
  t = tf.cast(t, g.dtype)
  g = tf.where(_l1_norm(g) > _ROUNDING, g, tf.zeros_like(g))
  first = _BETA1 * state.first + (1 - _BETA1) * g
  second = _BETA2 * state.second + (1 - _BETA2) * tf.square(g)
  root = tf.sqrt(second / (1 - _BETA2**t))
  adam = first / (1 - _BETA1**t) / (root + _EPSILON)
  directions = tf.stack([tf.zeros_like(g), l1_normalized(g), adam])
  # `gather` takes the rule as a tensor. An index in brackets would be a
  # constant of the compiled program, and each rule would have a program.
  direction = tf.gather(directions, rule)
  return State(state.phi - t**-0.5 * direction, first, second)


def _add(sums: Sums, g: tf.Tensor) -> Sums:
  return Sums(
    sums.gradient + g,
    sums.square + tf.square(g),
    sums.norm + _l1_norm(g)[:, 0],
  )
