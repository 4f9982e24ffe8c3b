"""Bounds of a trained Hamiltonian VAE, and what its dynamics have learned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tf_mco import estimators
from tf_mco import layers
from tf_mco import models
from tf_mco import random
from tf_mco import types


class _Bounds:
  """A bound of every image of an array, compiled once.

  `tf_mco.evaluation.Evaluator` is always compiled by XLA, whose convolutions
  are slow on a CPU.
  """

  def __init__(
    self,
    bound: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    jit_compile: bool,
  ):
    self._bound = tf.function(
      bound, jit_compile=jit_compile, reduce_retracing=True
    )

  def __call__(
    self, x: np.ndarray, *, batch_size: int, seed: types.Seed
  ) -> np.ndarray:
    """Returns the bounds, `[N]`, in nats.

    Args:
      x: `[N, D]` bytes, binarized by the seed.
      batch_size: images at once.
      seed: the same seed gives the same numbers; an integer or a tensor.
    """
    starts = range(0, len(x), batch_size)
    found = [
      self._bound(
        tf.constant(x[start : start + batch_size]),
        tf.convert_to_tensor(random.fold_in(seed, index)),
      ).numpy()
      for index, start in enumerate(starts)
    ]
    return np.concatenate(found)


class Elbo(_Bounds):
  """The ELBO, with what has a closed form integrated out.

  Args:
    model: built.
    num_samples: averaged for each image.
    jit_compile: whether XLA compiles it.
  """

  def __init__(
    self,
    model: models.LatentVariableModel,
    *,
    num_samples: int,
    jit_compile: bool,
  ):
    estimator = estimators.Elbo(num_samples=num_samples)

    def bound(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
      objective = model.objective
      return objective.surrogate(x, estimator=estimator, seed=seed).bound

    super().__init__(bound, jit_compile)


class LogLikelihood(_Bounds):
  """The importance sampled estimate of log p(x); binarizes as `Elbo` does.

  Args:
    model: built.
    num_samples: of each image.
    jit_compile: whether XLA compiles it.
  """

  def __init__(
    self,
    model: models.LatentVariableModel,
    *,
    num_samples: int,
    jit_compile: bool,
  ):
    super().__init__(
      lambda x, seed: model.log_likelihood_bound(
        x, num_samples=num_samples, seed=seed
      ),
      jit_compile,
    )


def dynamics(model: models.LatentVariableModel) -> dict[str, float]:
  """Returns the mean step size and the momentum's first scale, if any."""
  head = model.objective.encoder_stages[0].head
  if not isinstance(head, layers.HamiltonianPosterior):
    return {}
  parameters = tf.zeros([1, 2 * head.base_layer.units])
  posterior = head.distribution(parameters)
  return {
    'step_size': float(tf.reduce_mean(head.step_sizes())),
    'momentum_scale': float(posterior.tempering()[0]),
  }
