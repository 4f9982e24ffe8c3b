"""The distance of q from its optima, and the noise of gradients near them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from experiments.studies.aisle import descent as gaussian_descent
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import target as gaussian_target
from tf_mco import random

# Gradients are measured at these L2 distances from the optimum of KL(p || q).
DISTANCES = (0.0, 0.001, 0.01, 0.1, 1.0)
# The distance at which the signal-to-noise ratio is measured.
SIGNAL_DISTANCE = 0.1


class Curve(NamedTuple):
  """Means over the repeats, `[S]` each; distances are L2, over all of phi."""

  step: np.ndarray
  inclusive: np.ndarray  # distance to the optimum of KL(p || q)
  exclusive: np.ndarray  # distance to the optimum of KL(q || p)
  # The place of the log-scales c on the line between the two optima: 0 at the
  # optimum of KL(q || p), 1 at that of KL(p || q), nan where both are the same.
  position: np.ndarray


class Distances:
  """Measures parameters against both optima of a target."""

  def __init__(self, target: gaussian_target.GaussianTarget):
    self._inclusive = target.optimum(gaussian_methods.INCLUSIVE)
    self._exclusive = target.optimum(gaussian_methods.EXCLUSIVE)
    self._dims = len(target.covariance)

  def means(self, phi: np.ndarray) -> tuple[float, float, float]:
    """Returns a point of a curve, for `[R, P]`."""
    inclusive, exclusive, position = self._each(phi).mean(axis=1)
    return float(inclusive), float(exclusive), float(position)

  def summary(self, phi: np.ndarray) -> dict[str, float]:
    """Returns the point by name, with standard errors over the repeats."""
    each = self._each(phi)
    error = np.full(len(each), np.nan)
    if each.shape[1] > 1:
      error = each.std(axis=1, ddof=1) / np.sqrt(each.shape[1])
    figures = {}
    for name, values, e in zip(Curve._fields[1:], each, error, strict=True):
      figures[name] = float(values.mean())
      figures[f'{name}_error'] = float(e)
    return figures

  def _each(self, phi: np.ndarray) -> np.ndarray:
    """Returns `[3, R]`."""
    return np.stack(
      [
        np.linalg.norm(phi - self._inclusive, axis=1),
        np.linalg.norm(phi - self._exclusive, axis=1),
        self._position(phi),
      ]
    )

  def _position(self, phi: np.ndarray) -> np.ndarray:
    origin = self._exclusive[:, -self._dims :]
    line = self._inclusive[:, -self._dims :] - origin
    along = np.sum((phi[:, -self._dims :] - origin) * line, axis=1)
    length = np.sum(np.square(line), axis=1)
    nowhere = np.full_like(along, np.nan)
    return np.divide(along, length, out=nowhere, where=length > 1e-12)


def limit_position(
  target: gaussian_target.GaussianTarget, alpha: float
) -> float:
  """Returns the position of the optimum of a divergence."""
  return Distances(target).means(target.optimum(alpha))[-1]


def variance_name(distance: float) -> str:
  """Returns the name of the variance at a distance, in the results."""
  return f'variance_at_{distance:g}'


def variance_near(
  descent: gaussian_descent.Descent,
  target: gaussian_target.GaussianTarget,
  *,
  draws: int,
  seed: tf.Tensor,
) -> dict[str, float]:
  """Returns the variance of the gradient close to the optimum of KL(p || q).

  Every repeat leaves the optimum in a random direction of its own.

  Args:
    descent: of the method.
    target: of R repeats.
    draws: at each distance, at least 2.
    seed: int32 `[2]`.
  Returns:
    'variance_at_{distance}': for each of DISTANCES, the sum over the parameters
    of the variance of one gradient, over the squared mean L1 norm of a gradient
    at the last distance; this takes out the scale of a method, as the L1
    normalisation of the descent does. 'norm': that mean L1 norm.
    'signal_to_noise': at SIGNAL_DISTANCE, the L2 norm of the mean over the root
    of the summed variance. All are means over the repeats; nan for a gradient
    that is 0.
  """
  optimum = target.optimum(gaussian_methods.INCLUSIVE)
  away, noise = random.split(seed, 2)
  direction = random.normal(optimum.shape, dtype=tf.float64, seed=away).numpy()
  direction /= np.linalg.norm(direction, axis=1, keepdims=True)
  variances: dict[float, float] = {}
  ratios = {}
  norm = np.nan
  for distance in DISTANCES:
    phi = optimum + distance * direction
    state = gaussian_descent.State(phi, np.zeros_like(phi), np.zeros_like(phi))
    _, sums = descent(
      state, target.data, seed=noise, start=0, stop=draws, rule='none'
    )
    mean, square = sums.gradient / draws, sums.square / draws
    spread = (square - mean**2).sum(axis=1).mean() * draws / (draws - 1)
    variances[distance] = spread
    norm = sums.norm.mean() / draws
    if distance == SIGNAL_DISTANCE:
      # The squared norm of a mean over draws is too large by the variance of
      # the mean, which is subtracted here.
      signal = np.square(mean).sum(axis=1).mean() - spread / draws
      ratio = max(signal, 0.0) / spread if spread > 0 else np.nan
      ratios['signal_to_noise'] = float(np.sqrt(ratio))
  scale = norm**2 if norm > 0 else np.nan
  return {
    **{variance_name(d): float(v / scale) for d, v in variances.items()},
    'norm': float(norm),
    **ratios,
  }
