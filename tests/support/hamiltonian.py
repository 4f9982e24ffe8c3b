"""Models and exact moments for tests of Hamiltonian posteriors, in float64."""

from __future__ import annotations

from collections.abc import Callable
import itertools
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd

# The model H1: four points of two dimensions, and log p of them. The number is
# the log-density of the normal distribution that the points have together,
# computed with SciPy.
X = np.array([[0.1, -0.4], [1.2, 0.3], [-0.5, 0.8], [0.7, -1.1]])
DELTA = np.array([0.2, -0.1])
VARIANCE = np.array([0.5, 2.0])
H1 = -11.155537809751

TEMPERINGS: dict[str, dict[str, Any]] = {
  'none': {},
  'fixed': {'tempering': 'fixed'},
  'variance': {'tempering': 'fixed', 'schedule': 'variance'},
  'free': {'tempering': 'free', 'alphas': [0.8, 0.95, 0.7]},
}


def gaussian(z: Any) -> tf.Tensor:
  """Returns log p(x, z) of H1: N points that share z ~ N(0, I)."""
  prior = -0.5 * tf.reduce_sum(z**2 + np.log(2 * np.pi), -1)
  error = tf.constant(X - DELTA) - z[..., None, :]
  terms = error**2 / VARIANCE + np.log(2 * np.pi * VARIANCE)
  return prior - 0.5 * tf.reduce_sum(terms, (-1, -2))


def curved(weight: tf.Tensor) -> types.LogJoint:
  """Returns a log-joint whose derivatives of every order depend on `weight`.

  Args:
    weight: `[2, 2]`.
  """

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    hidden = tf.tanh(tf.linalg.matmul(z, weight))
    error = tf.constant([0.6, -0.4], tf.float64) - 2 * hidden * z
    return -0.5 * tf.reduce_sum(error**2 + z**2, -1)

  return log_joint


def base(loc: Any = 0.0, scale: Any = 1.0, batch: int = 1) -> tfd.Distribution:
  """Returns Normal variables of batch shape `[batch]` and two dimensions."""
  zeros = tf.zeros([batch, 2], tf.float64)
  return tfd.Independent(tfd.Normal(zeros + loc, zeros + scale), 1)


def posterior(
  kind: str = 'fixed', num_steps: int = 3, **options: Any
) -> posteriors.Hamiltonian:
  """Returns that of H2 with one kind out of `TEMPERINGS`."""
  given = {
    'base': base(),
    'step_size': [0.2, 0.3],
    **TEMPERINGS[kind],
    **options,
  }
  return posteriors.Hamiltonian(given.pop('base'), num_steps=num_steps, **given)


def tensors(*values: Any) -> tuple[tf.Tensor, ...]:
  """Returns values as float64 tensors of shape `[1, 1, ...]`."""
  return tuple(tf.constant(v, tf.float64)[None, None] for v in values)


class Quadratic(NamedTuple):
  """The function c + b x + x' A x."""

  constant: float
  slope: np.ndarray
  matrix: np.ndarray

  @property
  def mean(self) -> float:
    """The expectation for x ~ N(0, I)."""
    return self.constant + np.trace(self.matrix)

  @property
  def log_mean_exp(self) -> float:
    """Log E[exp(.)] for x ~ N(0, I)."""
    inner = np.eye(len(self.slope)) - 2 * self.matrix
    sign, log_det = np.linalg.slogdet(inner)
    assert sign == 1
    assert np.linalg.eigvalsh(inner).min() > 0, 'the mean is infinite'
    half = 0.5 * self.slope @ np.linalg.solve(inner, self.slope)
    return self.constant + half - 0.5 * log_det


def quadratic(fn: Callable[[np.ndarray], Any], size: int) -> Quadratic:
  """Returns a function of `[N, size]` that is quadratic, from its values."""
  unit = np.eye(size)
  pairs = list(itertools.combinations(range(size), 2))
  mixed = [unit[i] + unit[j] for i, j in pairs]
  points = np.stack([np.zeros(size), *unit, *-unit, *mixed])
  values = np.asarray(fn(points))
  zero, plus, minus = values[0], values[1 : size + 1], values[size + 1 :]
  minus, both = minus[:size], minus[size:]
  matrix = np.diag((plus + minus) / 2 - zero)
  slope = (plus - minus) / 2
  for (i, j), value in zip(pairs, both, strict=True):
    rest = zero + slope[i] + slope[j] + matrix[i, i] + matrix[j, j]
    matrix[i, j] = matrix[j, i] = (value - rest) / 2
  return Quadratic(zero, slope, matrix)


def log_weight(
  hamiltonian: posteriors.Hamiltonian, *, integrated: bool = False
) -> Quadratic:
  """Returns the log-weight on H1 as a function of all normal noise.

  A trajectory is affine in it, because the gradient of `gaussian` is.
  """
  normal = hamiltonian.base.distribution

  def values(noise: np.ndarray) -> tf.Tensor:
    first, second = (tf.constant(n)[:, None] for n in np.split(noise, 2, -1))
    start = normal.loc + normal.scale * first
    draw = hamiltonian.transport(gaussian, start, second)
    if integrated:
      return hamiltonian.elbo_integrand(gaussian, draw)[:, 0]
    return (draw.extras.log_p - draw.extras.log_q)[:, 0]

  return quadratic(values, 4)


def elbo(num_steps: int, size: float, **options: Any) -> float:
  """Returns the exact ELBO on H1, of a base off by some tenths."""
  made = posterior(
    'none',
    num_steps,
    **{'base': base(0.3, 0.6), 'step_size': size, **options},
  )
  return log_weight(made).mean
