"""E[(b - p0)^2] of one bit: its gradient, estimates of it, gradient ascent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

import tf_mco
from tf_mco import distributions
from tf_mco import random

PHIS = np.linspace(-4.0, 4.0, 17)
EVALUATIONS = 2
REPEATS = 100


class GradientMoments(NamedTuple):
  """Mean and variance of an estimator's gradient at every phi, `[F]` each."""

  mean: np.ndarray
  variance: np.ndarray


def exact_gradient(phi: np.ndarray, p0: float) -> np.ndarray:
  """Returns the derivative of E[(b - p0)^2], which is s (1 - s) (1 - 2 p0)."""
  s = 1 / (1 + np.exp(-phi))
  return s * (1 - s) * (1 - 2 * p0)


def estimators() -> dict[str, tf_mco.Estimator]:
  """Returns every estimator of a mean, each with two evaluations a draw."""
  return {
    'REINFORCE': tf_mco.get_estimator('reinforce', num_samples=EVALUATIONS),
    'REINFORCE-LOO': tf_mco.get_estimator(
      'reinforce_loo', num_samples=EVALUATIONS
    ),
    'ARM': tf_mco.get_estimator('arm', num_pairs=EVALUATIONS // 2),
    'DisARM': tf_mco.get_estimator('disarm', num_pairs=EVALUATIONS // 2),
  }


def gradients(
  estimator: tf_mco.Estimator, phi: tf.Tensor, p0: float, seed: tf.Tensor
) -> tf.Tensor:
  """Returns one estimate for every phi of `[B]`."""
  with tf.GradientTape() as tape:
    tape.watch(phi)
    value = tf_mco.expectation(
      estimator,
      lambda b: tf.square(b - p0),
      distributions.Bernoulli(logits=phi),
      seed=seed,
    )
  return tape.gradient(value, phi)


def gradient_moments(
  estimator: tf_mco.Estimator, *, p0: float, draws: int, seed: int
) -> GradientMoments:
  """Returns mean and variance of the gradient over draws, at every phi."""
  phi = tf.constant(np.repeat(PHIS, draws))

  @tf.function(jit_compile=True)
  def all_draws() -> tf.Tensor:
    return gradients(estimator, phi, p0, random.as_seed(seed))

  estimates = all_draws().numpy().reshape(len(PHIS), draws)
  variance = estimates.var(axis=1, ddof=1)
  # The estimates of some estimators are constant at some phi. The variance that
  # rounding leaves of a constant is set to 0.
  rounding = (8 * np.finfo(np.float64).eps * np.abs(estimates).max(axis=1)) ** 2
  variance = np.where(variance <= rounding, 0.0, variance)
  return GradientMoments(estimates.mean(axis=1), variance)


def ascend(
  estimator: tf_mco.Estimator,
  *,
  p0: float,
  steps: int,
  learning_rate: float,
  seed: int,
) -> np.ndarray:
  """Returns E[(b - p0)^2] after each step from phi = 0, `[steps]`.

  The values are means over repeats that differ in their noise alone.
  """

  @tf.function(jit_compile=True)
  def path() -> tf.Tensor:
    phi = tf.zeros([REPEATS], tf.float64)
    values = tf.TensorArray(tf.float64, steps)
    for step in tf.range(steps):
      noise = random.fold_in(seed, step)
      phi += learning_rate * gradients(estimator, phi, p0, noise)
      s = tf.sigmoid(phi)
      value = s * (1 - p0) ** 2 + (1 - s) * p0**2
      values = values.write(step, tf.reduce_mean(value))
    return values.stack()

  return path().numpy()
