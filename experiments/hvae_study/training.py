"""RMSProp for all data sets of one method at once, one compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from experiments.hvae_study import methods
from experiments.hvae_study import problem as problem_lib
from tf_mco import random

_DECAY, _EPSILON = 0.9, 1e-10
_SEGMENTS = 30
# Samples of the reported bound, in as many draws as one step has.
_EVALUATIONS = 100

Arrays = dict[str, np.ndarray]


def train(
  method: str,
  problem: problem_lib.Problem,
  options: problem_lib.Options,
  *,
  iterations: int,
  learning_rate: float,
  seed: int,
) -> tuple[Arrays, np.ndarray]:
  """Returns the parameters, `[R, ...]` by name, and the ELBO, `[R]`.

  In float64: the ELBO is of the order of N D nats, of which float32 would keep
  a tenth of a nat.

  Args:
    method: a name of `methods.METHODS`.
    problem: R data sets.
    options: of the methods.
    iterations: steps of RMSProp, as in TensorFlow 1: its running mean of
      squares starts at 1.
    learning_rate: of RMSProp.
    seed: of the start and of all noise.
  Raises:
    ValueError: if a data set's bound is not finite any more.
  """
  repeats, dims = problem.mean.shape
  start = methods.start(method, dims, repeats, options, seed=seed)
  values = {name: tf.constant(value) for name, value in start.items()}
  squares = {name: tf.ones_like(value) for name, value in values.items()}
  base_seed = random.fold_in(seed, dims)
  right = options._replace(nf_missing_half=False)

  def step(index: tf.Tensor, values: Any, squares: Any) -> tuple:
    with tf.GradientTape() as tape:
      tape.watch(values)
      step_seed = random.fold_in(base_seed, index)
      bound = methods.bound(method, values, problem, options, seed=step_seed)
      loss = -tf.reduce_sum(bound)  # every data set has its own parameters
    gradients = tape.gradient(loss, values)
    squares = tf.nest.map_structure(
      lambda s, g: _DECAY * s + (1 - _DECAY) * g**2, squares, gradients
    )
    values = tf.nest.map_structure(
      lambda v, g, s: v - learning_rate * g / tf.sqrt(s + _EPSILON),
      *(values, gradients, squares),
    )
    return index + 1, values, squares

  @tf.function(jit_compile=True, autograph=False)
  def run(first: tf.Tensor, stop: tf.Tensor, values: Any, squares: Any) -> Any:
    return tf.while_loop(
      lambda index, *_: index < stop, step, (first, values, squares)
    )

  @tf.function(jit_compile=True, autograph=False)
  def evaluate(values: Any) -> tf.Tensor:
    def add(index: tf.Tensor, total: tf.Tensor) -> tuple:
      one = random.fold_in(
        random.fold_in(base_seed, random.Salt.MEASUREMENT), index
      )
      bound = methods.bound(method, values, problem, right, seed=one)
      return index + 1, total + bound

    zero = (tf.constant(0), tf.zeros([repeats], tf.float64))
    _, total = tf.while_loop(lambda i, _: i < _EVALUATIONS, add, zero)
    return total / _EVALUATIONS

  stops = np.linspace(0, iterations, _SEGMENTS + 1).round().astype(np.int32)
  before = values
  for first, stop in zip(stops, stops[1:], strict=False):
    before = values
    _, values, squares = run(
      tf.constant(first), tf.constant(stop), values, squares
    )
    _require_finite(method, values, before, int(stop))
  elbo = evaluate(values).numpy()
  found = {name: value.numpy() for name, value in values.items()}
  if not np.isfinite(elbo).all():
    _require_finite(method, {'elbo': elbo}, values, iterations)
  return found, elbo


def _require_finite(method: str, values: Any, before: Any, step: int) -> None:
  """Raises ValueError, naming step sizes, unless all values are finite."""
  if all(np.isfinite(value).all() for value in values.values()):
    return
  sizes = ''
  if 'raw_step_size' in before:
    raw = before['raw_step_size']
    size = methods.MAX_STEP_SIZE * tf.sigmoid(raw).numpy()
    sizes = f'; the last good step sizes were {size.min():.3g} to '
    sizes += f'{size.max():.3g}'
  raise ValueError(
    f'{method} is not finite any more by iteration {step}{sizes}. A lower '
    'learning rate is the usual cure.'
  )
