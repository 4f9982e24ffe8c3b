"""RMSProp for all data sets of one method at once, in one compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from experiments.studies.hvae_gaussian import methods
from experiments.studies.hvae_gaussian import point_sets
from tf_mco import random

_DECAY, _EPSILON = 0.9, 1e-10
_SEGMENTS = 30
# The reported bound is a mean of that many estimates, each of as many samples
# as a step has.
_EVALUATIONS = 100
# Tells the noise of the reported bound from that of the steps, whose numbers
# from 0 are salts of the same seed.
_EVALUATION_SALT = -1

Arrays = dict[str, np.ndarray]


def train(
  method: str,
  data: point_sets.PointSets,
  options: point_sets.MethodOptions,
  *,
  iterations: int,
  learning_rate: float,
  seed: int,
) -> tuple[Arrays, np.ndarray]:
  """Returns the parameters, `[R, ...]` by name, and the ELBO, `[R]`.

  The computation is in float64, because the ELBO is of the order of N D nats,
  which float32 would round to a tenth of a nat.

  Args:
    method: a name of `methods.METHODS`.
    data: R data sets.
    options: of the methods.
    iterations: steps of RMSProp. As in TensorFlow 1, its running mean of
      squares starts at 1.
    learning_rate: of RMSProp.
    seed: of the start and of all noise.
  Raises:
    ValueError: if the bound of a data set is not finite any more.
  """
  repeats, dims = data.mean.shape
  start = methods.start(method, dims, repeats, options, seed=seed)
  values = {name: tf.constant(value) for name, value in start.items()}
  squares = {name: tf.ones_like(value) for name, value in values.items()}
  base_seed = random.fold_in(seed, dims)
  # The reported bound is the right one also where the training reproduces the
  # fault of the original.
  without_fault = options._replace(nf_missing_half=False)

  def step(index: tf.Tensor, values: Any, squares: Any) -> tuple:
    with tf.GradientTape() as tape:
      tape.watch(values)
      step_seed = random.fold_in(base_seed, index)
      bound = methods.bound(method, values, data, options, seed=step_seed)
      # A sum, because every data set has parameters of its own.
      loss = -tf.reduce_sum(bound)
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
      evaluation_seed = random.fold_in(base_seed, _EVALUATION_SALT)
      bound = methods.bound(
        method,
        values,
        data,
        without_fault,
        seed=random.fold_in(evaluation_seed, index),
      )
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
  parameters = {name: value.numpy() for name, value in values.items()}
  if not np.isfinite(elbo).all():
    _require_finite(method, {'elbo': elbo}, values, iterations)
  return parameters, elbo


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
