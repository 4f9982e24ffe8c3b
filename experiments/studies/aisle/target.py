"""A Gaussian model whose posterior, and whose best q, have a closed form.

z ~ N(mu, Sigma), x | z ~ N(z, I), q(z | x) = N(A x + b, diag(exp(2 c))). The
model is fixed at its maximum likelihood, where mu is the mean of the
observations. Every repeat has a true mean, observations and a start of its own.

Shapes: R repeats, N observations, D dimensions, P = D^2 + 2 D parameters
phi = (A, b, c) of each repeat.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize
import tensorflow as tf

from tf_mco import random

FAMILIES = ('expressive', 'insufficient')
_CORRELATION = 0.95
_DTYPE = tf.float64


class Data(NamedTuple):
  """The tensors that a gradient depends on, beside phi and the noise."""

  x: tf.Tensor  # `[R, N, D]`
  mu: tf.Tensor  # `[R, D]`
  precision_root: tf.Tensor  # `[D, D]`, W of Sigma^-1 = W' W


class GaussianTarget(NamedTuple):
  """Observations, the start of every repeat, and the exact posterior."""

  data: Data
  start: np.ndarray  # `[R, P]`
  covariance: np.ndarray  # `[D, D]`, P, of z given x

  def optimum(self, alpha: float) -> np.ndarray:
    """Returns `[R, P]`, the parameters of least divergence, see `scales`."""
    mu = self.data.mu.numpy()
    repeats, dims = mu.shape
    # The posterior's mean is P (Sigma^-1 mu + x), and P Sigma^-1 = I - P.
    slope = np.broadcast_to(self.covariance, [repeats, dims, dims])
    offset = mu @ (np.eye(dims) - self.covariance)
    log_scale = np.broadcast_to(scales(self.covariance, alpha), mu.shape)
    return pack(slope, offset, np.log(log_scale))


def prior_covariance(family: str, dims: int) -> np.ndarray:
  """Returns Sigma: I, or 0.95^(|d - d'| + 1), whose posterior is correlated.

  No q with a diagonal covariance can match a correlated posterior.
  """
  if family == 'expressive':
    return np.eye(dims)
  index = np.arange(dims)
  return _CORRELATION ** (np.abs(index[:, None] - index) + 1.0)


def posterior_covariance(family: str, dims: int) -> np.ndarray:
  """Returns P = (Sigma^-1 + I)^-1, the covariance of z given x."""
  precision = np.linalg.inv(prior_covariance(family, dims))
  return np.linalg.inv(precision + np.eye(dims))


def make(
  family: str, *, dims: int, repeats: int, observations: int, seed: int
) -> GaussianTarget:
  """Returns a target whose means, observations and starts come from `seed`."""
  sigma = prior_covariance(family, dims)
  seeds = random.split(random.fold_in(seed, dims), 3)
  mean = random.normal([repeats, 1, dims], dtype=_DTYPE, seed=seeds[0])
  noise = random.normal(
    [repeats, observations, dims], dtype=_DTYPE, seed=seeds[1]
  )
  x = mean.numpy() + noise.numpy() @ np.linalg.cholesky(sigma + np.eye(dims)).T
  start = random.normal(
    [repeats, dims**2 + 2 * dims], dtype=_DTYPE, seed=seeds[2]
  )
  precision = np.linalg.inv(sigma)
  data = Data(
    tf.constant(x),
    tf.constant(x.mean(axis=1)),
    tf.constant(np.linalg.cholesky(precision).T),
  )
  return GaussianTarget(data, start.numpy(), posterior_covariance(family, dims))


def scales(covariance: np.ndarray, alpha: float) -> np.ndarray:
  """Returns the standard deviations of the best diagonal Gaussian q.

  The best q has the mean of p, which every family here can attain.

  Args:
    covariance: `[D, D]`, P, the covariance of p.
    alpha: the divergence that q minimises. 1 is KL(p || q), whose best
      variances are diag(P). 0 is KL(q || p), whose best variances are
      1 / diag(P^-1). A number above 1 is the integral of p^alpha q^(1 - alpha),
      at 2 the chi-square divergence, whose best variances v solve
      v = diag((alpha P^-1 - (alpha - 1) diag(1 / v))^-1).
  Raises:
    ValueError: if alpha is below 1 and not 0, or no solution is found.
  """
  precision = np.linalg.inv(covariance)
  if alpha == 0:
    return np.diag(precision) ** -0.5
  if alpha == 1:
    return np.diag(covariance) ** 0.5
  if alpha < 1:
    raise ValueError(f'Expected alpha = 0 or alpha >= 1. Received: {alpha=}')

  def residual(log_variance: np.ndarray) -> np.ndarray:
    rate = (alpha - 1) * np.diag(np.exp(-log_variance))
    variance = np.diag(np.linalg.inv(alpha * precision - rate))
    return variance * np.exp(-log_variance) - 1

  # The objective is convex where the inverted matrix is positive definite. At
  # this start it is positive definite.
  start = np.full(len(covariance), np.log(np.linalg.eigvalsh(covariance)[-1]))
  solution = optimize.root(residual, start, tol=1e-13)
  if np.abs(residual(solution.x)).max() > 1e-9:
    raise ValueError(
      f'No diagonal Gaussian of least divergence found at {alpha=} for the '
      f'covariance {covariance.tolist()}: {solution.message}'
    )
  return np.exp(solution.x / 2)


def pack(
  slope: np.ndarray, offset: np.ndarray, log_scale: np.ndarray
) -> np.ndarray:
  """Returns `[R, P]` of A `[R, D, D]`, b `[R, D]` and c `[R, D]`."""
  rows = slope.reshape(len(slope), -1)
  return np.concatenate([rows, offset, log_scale], axis=1)


def unpack(phi: tf.Tensor, dims: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Returns A `[R, D, D]`, b `[R, D]` and c `[R, D]` of `[R, P]`."""
  slope, offset, log_scale = tf.split(phi, [dims**2, dims, dims], axis=1)
  return tf.reshape(slope, [-1, dims, dims]), offset, log_scale
