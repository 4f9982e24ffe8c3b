"""Bounds of log p(x) with many samples, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco import models
from tf_mco import random
from tf_mco import types
from tf_mco.evaluation import concurrency
from tf_mco.evaluation import progress as progress_lib
from tf_mco.models import faults
from tf_mco.models import observations
from tf_mco.ops import checks

# `[N, ...]` observations as given to `fit`, or a data set of batches.
Observations: TypeAlias = np.ndarray | tf.Tensor | tf.data.Dataset

_WHERE = 'the data to evaluate'


class Evaluator:
  """The K-sample bound of whole data sets, compiled once.

  The bound of an example is

    L_K = E[log (1/K) sum_k p(x, z[k]) / q(z[k] | x)] <= log p(x),

  which comes closer to log p(x) the larger K is. Each call estimates the bound
  with one draw of the K samples. Override `bound` to evaluate another quantity
  in the same way.

  Args:
    model: A `LatentVariableModel`. If the model binarizes observations, every
      example is binarized once per evaluation.
    num_samples: K, for instance 100, 1000 or 5000.
    jit_compile: Whether XLA compiles the evaluation. On a CPU, convolutions are
      faster without XLA and everything else is slower. Two batches run at once
      on a CPU with XLA, because one program leaves a core idle at times.
    progress: Whether a bar shows how far an evaluation has come, on a terminal
      or in a notebook, once the evaluation has taken two seconds.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.GaussianPosterior(2),
  ...   tf_mco.layers.GaussianLikelihood(4),
  ...   tf_mco.layers.GaussianPrior(2),
  ...   'iwae',
  ... )
  >>> model.build((None, 4))
  >>> evaluate = tf_mco.evaluation.Evaluator(
  ...   model, num_samples=50, jit_compile=False
  ... )
  >>> bounds = evaluate(np.ones([10, 4], np.float32), batch_size=5, seed=1)
  >>> bounds.shape
  (10,)
  """

  def __init__(
    self,
    model: models.LatentVariableModel,
    *,
    num_samples: int,
    jit_compile: bool = True,
    progress: bool = True,
  ):
    if not isinstance(model, models.LatentVariableModel):
      raise ValueError(
        f'`model` must be a LatentVariableModel. Received: {model!r}'
      )
    num_samples = checks.at_least('num_samples', num_samples, 1)
    jit_compile = checks.boolean('jit_compile', jit_compile)
    self.model = model
    self.num_samples = num_samples
    self.progress = checks.boolean('progress', progress)
    self._workers = concurrency.num_workers() if jit_compile else 1
    # The shapes and dtypes of batches for which there is a program.
    self._traced: set[tuple[tf.TensorShape, tf.DType]] = set()
    # AutoGraph is off because `fit` does not convert layers either.
    self._step = tf.function(
      self.bound,
      jit_compile=jit_compile,
      reduce_retracing=True,
      autograph=False,
    )

  def bound(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns the bound of a batch, `[B]`, in nats.

    A subclass overrides this method to evaluate another bound.
    """
    return self.model.log_likelihood_bound(
      x, num_samples=self.num_samples, seed=seed
    )

  def __call__(
    self, x: Observations, *, batch_size: int = 100, seed: types.Seed = 0
  ) -> np.ndarray:
    """Returns the bound of every example, `[N]`, in nats.

    Args:
      x: `[N, ...]` observations as given to `fit`, or a `tf.data.Dataset` of
        batches.
      batch_size: The number of examples per step, for an array.
      seed: An integer or an int32 `[2]` tensor. The same seed gives the same
        numbers.
    Raises:
      ValueError: If there is no example, for values that the likelihood cannot
        score, and for a bound that is NaN or +inf. A bound of -inf is returned,
        because the probability of an example may be 0.
    """
    batch_size = checks.at_least('batch_size', batch_size, 1)
    if isinstance(x, tf.data.Dataset):
      batches, unchecked = x, _WHERE
    else:
      array = observations.admit_array(self.model, x, _WHERE)
      batches = tf.data.Dataset.from_tensor_slices(array).batch(batch_size)
      unchecked = None
    count = int(batches.cardinality())
    bar = progress_lib.Progress(
      count if count >= 0 else None, shown=self.progress
    )
    bounds, before = [], 0
    try:
      for bound in concurrency.in_order(
        self._calls(batches, unchecked, seed), self._workers
      ):
        faults.require_bounds(self.model, bound, before)
        before += len(bound)
        bounds.append(bound)
        bar.advance()
    finally:
      bar.close()
    if not bounds:
      raise ValueError(
        'Expected at least one example to evaluate. Received: an empty data set'
      )
    return np.concatenate(bounds)

  def _calls(
    self, batches: tf.data.Dataset, where: str | None, seed: types.Seed
  ) -> Iterator[Callable[[], np.ndarray]]:
    """Yields a function for each batch, which returns the bounds, `[B]`.

    Args:
      batches: of observations, or of tuples that start with them.
      where: the name of the data whose batches are to be checked, or None.
      seed: of the whole data set.
    """
    for index, batch in enumerate(batches):
      batch = batch[0] if isinstance(batch, tuple) else batch
      if where is not None:
        observations.admit_array(self.model, batch, f'batch {index} of {where}')
      yield self._call(batch, random.fold_in(seed, index))

  def _call(
    self, batch: tf.Tensor, seed: tf.Tensor
  ) -> Callable[[], np.ndarray]:
    kind = (batch.shape, batch.dtype)
    if kind in self._traced:
      return lambda: self._step(batch, seed).numpy()
    # Keras keeps part of its state by thread. The program is therefore made in
    # the thread of the caller.
    bound = self._step(batch, seed).numpy()
    self._traced.add(kind)
    return lambda: bound


def log_likelihood_bounds(
  model: models.LatentVariableModel,
  x: Observations,
  *,
  num_samples: int = 100,
  batch_size: int = 100,
  seed: int = 0,
  jit_compile: bool = True,
  progress: bool = True,
) -> np.ndarray:
  """Returns the K-sample bound of every example of a data set, `[N]`, in nats.

  The mean of the result is the bound of the data set. The standard deviation of
  the result over sqrt(N) is the standard error of that mean. `Evaluator`
  explains the arguments; use an `Evaluator` to evaluate several times, because
  it compiles once.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.BernoulliPosterior(2),
  ...   tf_mco.layers.BernoulliLikelihood(4),
  ...   tf_mco.layers.BernoulliPrior(2),
  ...   'disarm',
  ... )
  >>> model.build((None, 4))
  >>> x = np.eye(4)
  >>> bounds = tf_mco.evaluation.log_likelihood_bounds(
  ...   model, x, num_samples=10, jit_compile=False
  ... )
  >>> bounds.shape, bool((bounds < 0).all())
  ((4,), True)
  """
  evaluator = Evaluator(
    model,
    num_samples=num_samples,
    jit_compile=jit_compile,
    progress=progress,
  )
  return evaluator(x, batch_size=batch_size, seed=seed)
