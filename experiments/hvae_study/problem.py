"""Data sets of N points that share one Gaussian variable, and their likelihood.

z ~ N(0, I), x_i | z ~ N(z + Delta, diag(sigma^2)), i = 1 .. N. What depends on
the points is their mean and variance alone, so that a likelihood costs D and
not N D operations. Both are taken about the mean, in float64: sums of x and x^2
would cancel, N mean^2 being up to 1e6 times what is left.

Reference: Caterini, Doucet and Sejdinovic (2018), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Options(NamedTuple):
  """What all methods share."""

  samples: int = 10  # S
  nf_missing_half: bool = False  # the original's planar flow
  nf_shared: bool = False  # likewise: one layer, repeated
  schedule: str = 'inverse_sqrt_beta'  # of tempering


class Problem(NamedTuple):
  """R data sets of one true model; arrays of float64."""

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
      halves: the factor of the squares, 1/2 unless a fault is reproduced.
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
    """Returns log p(x), `[R]`, in nats: case H1 of shared/CASES.md."""
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

    The mean of the points is then that of x, and the variance of their mean
    about it, sigma^2 / N, has no part in the estimate of sigma.
    """
    unbiased = self.variance * self.num_points / (self.num_points - 1)
    return self.mean, np.sqrt(unbiased)


def truth(dims: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns the true Delta and sigma, `[D]` each: sigma is 0.1 to 1."""
  r = np.arange(dims) - (dims - 1) / 2
  if dims == 1:
    return r, np.ones(1)
  return r / 5, 3.6 * r**2 / (dims - 1) ** 2 + 0.1


def make(dims: int, *, repeats: int, num_points: int, seed: int) -> Problem:
  """Returns data sets, each with a z of its own.

  The mean and the variance of N normal points are drawn from their own
  distributions, normal and chi-square, and not the points.

  Args:
    dims: D.
    repeats: R.
    num_points: N, at least 2.
    seed: the first data sets are the same for every number of repeats.
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
  return Problem(num_points, delta, sigma, np.array(means), np.array(variances))
