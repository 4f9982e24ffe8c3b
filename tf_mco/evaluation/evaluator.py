"""Bounds of log p(x) with many samples, in bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.ops import checks


class Evaluator:
  """The K-sample bound of data sets, compiled once.

  Args:
    model: a `LatentVariableModel`. Dynamic binarization, if the model has
      it, draws every example once per evaluation.
    num_samples: K, say 100, 1000 or 5000.
    jit_compile: whether XLA compiles it. Without, convolutions on a CPU are
      faster, the rest is slower.
  """

  def __init__(self, model: Any, *, num_samples: int, jit_compile: bool = True):
    checks.at_least('num_samples', num_samples, 1)

    self.model = model
    self.num_samples = num_samples
    # As in `fit`, layers are not converted by AutoGraph.
    self._step = tf.function(
      self.bound,
      jit_compile=jit_compile,
      reduce_retracing=True,
      autograph=False,
    )

  def bound(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns the bound of a batch, `[B]`; for subclasses of other bounds."""
    return self.model.log_likelihood_bound(
      x, num_samples=self.num_samples, seed=seed
    )

  def __call__(
    self, x: Any, *, batch_size: int = 100, seed: types.Seed = 0
  ) -> np.ndarray:
    """Returns the bound of every example, `[N]`, in nats.

    Args:
      x: `[N, ...]` images as given to `fit`, or a `tf.data.Dataset` of
        batches.
      batch_size: examples per step, for an array.
      seed: the same seed gives the same numbers.
    """
    if not isinstance(x, tf.data.Dataset):
      x = tf.data.Dataset.from_tensor_slices(np.asarray(x)).batch(batch_size)
    bounds = []
    for index, batch in enumerate(x):
      batch = batch[0] if isinstance(batch, tuple) else batch
      bounds.append(self._step(batch, random.fold_in(seed, index)).numpy())
    if not bounds:
      raise ValueError('The data set to evaluate is empty.')
    return np.concatenate(bounds)


def log_likelihood_bounds(
  model: Any,
  x: Any,
  *,
  num_samples: int = 100,
  batch_size: int = 100,
  seed: int = 0,
  jit_compile: bool = True,
) -> np.ndarray:
  """Returns the K-sample bound of every example of a data set, in nats.

  Its mean is the bound of the data set, its standard deviation over sqrt(N)
  the standard error. See `Evaluator`, which also says what the arguments are,
  and which saves the compilation where a data set is evaluated again.
  """
  evaluator = Evaluator(model, num_samples=num_samples, jit_compile=jit_compile)
  return evaluator(x, batch_size=batch_size, seed=seed)
