"""Data sets of N points that share one Gaussian variable, and their likelihood.

z ~ N(0, I), x_i | z ~ N(z + Delta, diag(sigma^2)), i = 1 .. N. The likelihood
depends on the points by their mean and variance alone, so that it costs D and
not N D operations. The variance is taken about the mean, in float64. Sums of x
and x^2 would cancel, since N mean^2 is up to 1e6 times their difference.

Reference: Caterini, Doucet and Sejdinovic (2018), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class MethodOptions(NamedTuple):
  """The options that all methods share."""

  samples: int = 10  # S
  nf_missing_half: bool = False  # as in the original's planar flow
  nf_shared: bool = False  # as there: one planar layer, repeated
  schedule: str = 'inverse_sqrt_beta'  # of tempering


class PointSets(NamedTuple):
  """R data sets of N points each, from one true model; arrays of float64."""

  num_points: int
  delta: np.ndarray  # `[D]`, true
  sigma: np.ndarray  # `[D]`, true
  mean: np.ndarray  # `[R, D]`, of the points
  variance: np.ndarray  # `[R, D]`, of the points, about their mean

  def log_likelihood(
    self, delta: tf.Tensor, log_sigma: tf.Tensor, *, halves: float = 0.5
  ) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns z `[K, R, D]` -> sum_i log p(x_i | z), `[K, R]`, in nats.

    Args:
      delta: `[R, D]`; gradients flow.
      log_sigma: `[R, D]`; gradients flow.
      halves: the factor of the squares. It is 1/2, unless the fault of the
        original is reproduced.
    """
    precision = tf.exp(-2 * log_sigma)
    constant = -self.num_points * (log_sigma + 0.5 * math.log(2 * math.pi))

    def log_likelihood(z: tf.Tensor) -> tf.Tensor:
      squares = (self.mean - delta - z) ** 2 + self.variance
      terms = constant - halves * self.num_points * precision * squares
      return tf.reduce_sum(terms, -1)

    return log_likelihood

  def log_joint(
    self, delta: tf.Tensor, log_sigma: tf.Tensor, *, halves: float = 0.5
  ) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns z -> log p(x, z), as `log_likelihood`."""
    log_likelihood = self.log_likelihood(delta, log_sigma, halves=halves)

    def log_joint(z: tf.Tensor) -> tf.Tensor:
      log_prior = -0.5 * tf.reduce_sum(z**2 + math.log(2 * math.pi), -1)
      return log_prior + log_likelihood(z)

    return log_joint

  def log_evidence(self, delta: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Returns log p(x), `[R]`, in nats.

    In each dimension, the points are jointly normal with covariance
    sigma^2 I + 1 1'. Its determinant is sigma^(2 N) (1 + N / sigma^2), and its
    inverse follows from the formula of Sherman and Morrison.
    """
    n, precision = self.num_points, sigma**-2.0
    shift = self.mean - delta
    squares = n * (shift**2 + self.variance) * precision
    explained = (n * shift * precision) ** 2 / (1 + n * precision)
    terms = -n / 2 * np.log(2 * np.pi * sigma**2)
    terms = terms - np.log1p(n * precision) / 2 - (squares - explained) / 2
    return terms.sum(-1)

  def errors(
    self, delta: np.ndarray, sigma: np.ndarray
  ) -> dict[str, np.ndarray]:
    """Returns the squared errors of each data set, `[R]`, summed over D."""
    return {
      'delta_error': ((delta - self.delta) ** 2).sum(-1),
      'sigma_error': ((sigma - self.sigma) ** 2).sum(-1),
    }

  @property
  def maximum_likelihood(self) -> tuple[np.ndarray, np.ndarray]:
    """Delta and sigma, `[R, D]`, where log p(x) is largest.

    Delta is the mean of the points, and sigma^2 is their unbiased variance: the
    mean of the points fluctuates about z + Delta with variance sigma^2 / N,
    which takes one of N parts from the squares about the mean.
    """
    unbiased = self.variance * self.num_points / (self.num_points - 1)
    return self.mean, np.sqrt(unbiased)


def truth(dims: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the true Delta and sigma, `[D]` each; sigma is from 0.1 to 1."""
  r = np.arange(dims) - (dims - 1) / 2
  if dims == 1:
    return r, np.ones(1)
  return r / 5, 3.6 * r**2 / (dims - 1) ** 2 + 0.1


def make(dims: int, *, repeats: int, num_points: int, seed: int) -> PointSets:
  """Returns data sets, each with a z of its own.

  The function draws no points. It draws their mean and variance from the normal
  and the chi-square distribution that these have.

  Args:
    dims: D.
    repeats: R.
    num_points: N, at least 2.
    seed: of the data. The first data sets are the same for all numbers of
      repeats.
  """
  delta, sigma = truth(dims)
  means, variances = [], []
  for repeat in range(repeats):
    rng = np.random.default_rng([seed, dims, repeat])
    z = rng.standard_normal(dims)
    noise = rng.standard_normal(dims) / math.sqrt(num_points)
    means.append(z + delta + sigma * noise)
    degrees = num_points - 1
    variances.append(sigma**2 * rng.chisquare(degrees, dims) / num_points)
  return PointSets(
    num_points, delta, sigma, np.array(means), np.array(variances)
  )
