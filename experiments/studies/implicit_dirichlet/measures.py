"""Noise, time and descent of gradient estimators on Dirichlet distributions."""

from __future__ import annotations

from collections.abc import Callable
import functools
import statistics
import time
from typing import NamedTuple

import numpy as np
from scipy import special
import tensorflow as tf

from experiments.studies.implicit_dirichlet import methods as dirichlet_methods
import tf_mco
from tf_mco import distributions
from tf_mco import random

_TIMED = 20  # executions


class GradientQuality(NamedTuple):
  """Variance, bias and time of a method's gradient, by concentration."""

  variance: np.ndarray  # `[C]`, mean over components, of the finite estimates
  z: np.ndarray  # `[C]`, of the bias, the largest of the components'
  not_finite: int  # draws with a NaN or infinity among their components
  microseconds: float  # of one gradient, in a batch of all draws


def target(dims: int, seed: int) -> np.ndarray:
  """Returns the concentrations of p, `[D]`: 1 plus counts of `dims` draws.

  p is then the exact posterior of a uniform prior, after `dims` draws from a
  categorical distribution that is itself uniform on the simplex.
  """
  rng = np.random.default_rng(seed)
  return 1.0 + rng.multinomial(dims, rng.dirichlet(np.ones(dims)))


def exact_gradient(alpha: np.ndarray, eta: np.ndarray) -> np.ndarray:
  """Returns the derivative of E_q[-log p(z)] in q's concentrations, `[D]`."""
  # E_q[log z_i] = digamma(alpha_i) - digamma(sum alpha), and polygamma(1) is
  # the derivative of digamma.
  of_component = special.polygamma(1, alpha) * (eta - 1)
  of_sum = special.polygamma(1, alpha.sum()) * (eta - 1).sum()
  return of_sum - of_component


def gradients(
  method: dirichlet_methods.DirichletMethod,
  alpha: tf.Tensor,
  eta: np.ndarray,
  seed: int | tf.Tensor,
) -> tf.Tensor:
  """Returns one estimate of the cross-entropy's gradient for each row.

  Args:
    method: how the gradient gets through a sample.
    alpha: `[B, D]`, the concentrations of q.
    eta: `[D]`, the concentrations of p.
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
  method: dirichlet_methods.DirichletMethod,
  eta: np.ndarray,
  concentrations: np.ndarray,
  *,
  draws: int,
  seed: int,
) -> GradientQuality:
  """Returns bias, variance and time of a method's estimates, in float32."""

  @tf.function
  def estimates(alpha: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    return gradients(method, alpha, eta, seed)

  variances, scores, not_finite, times = [], [], 0, []
  for index, value in enumerate(concentrations):
    alpha = tf.fill([draws, len(eta)], tf.constant(value, tf.float32))
    sampled = estimates(alpha, random.fold_in(seed, index)).numpy()
    finite = np.isfinite(sampled).all(axis=1)
    not_finite += int((~finite).sum())
    sampled = sampled[finite].astype(np.float64)
    if len(sampled) < 2:
      variances.append(np.nan)
      scores.append(np.nan)
      continue
    variance = sampled.var(axis=0, ddof=1)
    variances.append(variance.mean())
    exact = exact_gradient(
      np.full(len(eta), np.float64(np.float32(value))), eta
    )
    error = np.sqrt(variance / len(sampled))
    # The rounding of float32 is no bias.
    allowed = error + 1e-5 * np.abs(sampled).max(axis=0)
    scores.append((np.abs(sampled.mean(axis=0) - exact) / allowed).max())
    times.append(
      _seconds(functools.partial(estimates, alpha, tf.constant([0, 1])))
    )
  microseconds = 1e6 * statistics.median(times) / draws
  return GradientQuality(
    np.array(variances), np.array(scores), not_finite, microseconds
  )


def _seconds(fn: Callable[[], tf.Tensor]) -> float:
  """Returns the median time of a call."""
  laps = []
  for _ in range(_TIMED):
    start = time.perf_counter()
    fn().numpy()
    laps.append(time.perf_counter() - start)
  return statistics.median(laps)


def descend(
  method: dirichlet_methods.DirichletMethod,
  eta: np.ndarray,
  *,
  steps: int,
  learning_rate: float,
  repeats: int,
  seed: int,
) -> np.ndarray:
  """Returns KL(q || p) after each step of Adam, mean of the repeats, nats.

  Each descent starts from concentrations of one, and each step uses a single
  sample. The gradient of the entropy is exact, so that all noise comes from the
  cross-entropy.
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
  """Makes one step of Adam (0.9, 0.999), whose state is the two moments."""
  first, second = moments
  first.assign(0.9 * first + 0.1 * gradient)
  second.assign(0.999 * second + 0.001 * gradient**2)
  count = tf.cast(step + 1, tf.float32)
  mean = first / (1 - 0.9**count)
  scale = tf.sqrt(second / (1 - 0.999**count)) + 1e-8
  variable.assign_sub(learning_rate * mean / scale)
