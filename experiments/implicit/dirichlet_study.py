"""Noise, time and descent of gradient estimators on Dirichlet distributions."""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

import numpy as np
from scipy import special
import tensorflow as tf

from experiments.implicit import dirichlet_methods
import tf_mco
from tf_mco import distributions
from tf_mco import random

_TIMED = 20  # executions


class Measured(NamedTuple):
  """A method's gradient at every concentration."""

  variance: np.ndarray  # `[C]`, mean over components, of the finite estimates
  z: np.ndarray  # `[C]`, of the bias, the largest of the components'
  not_finite: int  # draws with a NaN or infinity among their components
  microseconds: float  # of one gradient, in a batch of all draws


def target(dims: int, seed: int) -> np.ndarray:
  """Returns p's concentrations, `[D]`: 1 and counts of as many draws.

  The exact posterior of a uniform prior after `dims` draws from a categorical
  distribution, itself uniform on the simplex.
  """
  rng = np.random.default_rng(seed)
  return 1.0 + rng.multinomial(dims, rng.dirichlet(np.ones(dims)))


def exact_gradient(alpha: np.ndarray, eta: np.ndarray) -> np.ndarray:
  """Returns the derivative of E_q[-log p(z)] in q's concentrations, `[D]`."""
  own = special.polygamma(1, alpha) * (eta - 1)
  return special.polygamma(1, alpha.sum()) * (eta - 1).sum() - own


def gradients(
  method: dirichlet_methods.Method,
  alpha: tf.Tensor,
  eta: np.ndarray,
  seed: Any,
) -> tf.Tensor:
  """Returns one estimate of the cross-entropy's gradient for each row.

  Args:
    method: of the study.
    alpha: `[B, D]`.
    eta: `[D]`.
    seed: an integer or an int32 `[2]` tensor.
  """
  p = distributions.Dirichlet(tf.constant(eta, alpha.dtype))

  def cross_entropy(z: tf.Tensor) -> tf.Tensor:
    return -p.log_prob(z)

  with tf.GradientTape() as tape:
    tape.watch(alpha)
    value = tf_mco.expectation(
      method.estimator, cross_entropy, method.posterior(alpha), seed=seed
    )
  return tape.gradient(value, alpha)


def measure(
  method: dirichlet_methods.Method,
  eta: np.ndarray,
  concentrations: np.ndarray,
  *,
  draws: int,
  seed: int,
) -> Measured:
  """Returns what a method's estimates are like, in float32."""

  @tf.function
  def estimates(alpha: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return gradients(method, alpha, eta, seed)

  variances, scores, not_finite, times = [], [], 0, []
  for index, value in enumerate(concentrations):
    alpha = tf.fill([draws, len(eta)], tf.constant(value, tf.float32))
    found = estimates(alpha, random.fold_in(seed, index)).numpy()
    finite = np.isfinite(found).all(axis=1)
    not_finite += int((~finite).sum())
    found = found[finite].astype(np.float64)
    if len(found) < 2:
      variances.append(np.nan)
      scores.append(np.nan)
      continue
    variance = found.var(axis=0, ddof=1)
    variances.append(variance.mean())
    exact = exact_gradient(
      np.full(len(eta), np.float64(np.float32(value))), eta
    )
    error = np.sqrt(variance / len(found))
    # What float32 rounds off is no bias.
    allowed = error + 1e-5 * np.abs(found).max(axis=0)
    scores.append((np.abs(found.mean(axis=0) - exact) / allowed).max())
    times.append(
      _seconds(lambda alpha=alpha: estimates(alpha, tf.constant([0, 1])))
    )
  microseconds = 1e6 * statistics.median(times) / draws
  return Measured(
    np.array(variances), np.array(scores), not_finite, microseconds
  )


def _seconds(fn: Any) -> float:
  laps = []
  for _ in range(_TIMED):
    start = time.perf_counter()
    fn().numpy()
    laps.append(time.perf_counter() - start)
  return statistics.median(laps)


def descend(
  method: dirichlet_methods.Method,
  eta: np.ndarray,
  *,
  steps: int,
  learning_rate: float,
  repeats: int,
  seed: int,
) -> np.ndarray:
  """Returns KL(q || p) after each step of Adam, mean of the repeats, nats.

  From concentrations of one, by a single sample in a step; the gradient of the
  entropy is exact, so that all noise is the cross-entropy's.
  """
  log_alpha = tf.Variable(tf.zeros([repeats, len(eta)]))
  moments = [tf.Variable(tf.zeros_like(log_alpha)) for _ in range(2)]
  p = distributions.Dirichlet(tf.constant(eta, tf.float32))

  @tf.function
  def path() -> tf.Tensor:
    values = tf.TensorArray(tf.float32, steps)
    for step in tf.range(steps):
      alpha = tf.exp(log_alpha)
      noisy = gradients(method, alpha, eta, random.fold_in(seed, step))
      with tf.GradientTape() as tape:
        tape.watch(alpha)
        entropy = distributions.Dirichlet(alpha).entropy()
      gradient = alpha * (noisy - tape.gradient(entropy, alpha))
      _adam(log_alpha, gradient, moments, step, learning_rate)
      q = distributions.Dirichlet(tf.exp(log_alpha))
      values = values.write(step, tf.reduce_mean(q.kl_divergence(p)))
    return values.stack()

  return path().numpy()


def _adam(
  variable: tf.Variable,
  gradient: tf.Tensor,
  moments: list[tf.Variable],
  step: tf.Tensor,
  learning_rate: float,
) -> None:
  """One step of Adam (0.9, 0.999), on tensors: no state but the two moments."""
  first, second = moments
  first.assign(0.9 * first + 0.1 * gradient)
  second.assign(0.999 * second + 0.001 * gradient**2)
  count = tf.cast(step + 1, tf.float32)
  mean = first / (1 - 0.9**count)
  scale = tf.sqrt(second / (1 - 0.999**count)) + 1e-8
  variable.assign_sub(learning_rate * mean / scale)
