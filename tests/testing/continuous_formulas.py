"""What every estimator of continuous variables computes, in NumPy.

Each formula is that of REFERENCE.md, section 5 (Finke and Thiery 2019,
arXiv:1907.10477), or of the paper named in the estimator's docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.special

from tests.testing import gaussian_formulas
from tests.testing import gaussian_problems
from tests.testing import quadrature


class Coefficients(NamedTuple):
  """Coefficients of the derivatives of each sample, and the bound."""

  path: np.ndarray  # `[K, R]`, of the posterior's path derivatives
  score: np.ndarray  # `[K, R]`, of the posterior's scores
  model: np.ndarray  # `[K, R]`, of grad log p(x, z), for model and prior
  bound: np.ndarray  # `[R]`


Formula: TypeAlias = Callable[[np.ndarray], Coefficients]
# From normalized weights `[K, R]` and K.
Factor: TypeAlias = Callable[[np.ndarray, int], Any]


def weights(log_w: np.ndarray) -> np.ndarray:
  return scipy.special.softmax(log_w, 0)


def log_mean_exp(log_w: np.ndarray) -> np.ndarray:
  return scipy.special.logsumexp(log_w, 0) - np.log(len(log_w))


def importance(path: Factor, score: Factor) -> Formula:
  """Returns a formula of normalized weights; the model's weight is wt."""

  def formula(log_w: np.ndarray) -> Coefficients:
    wt = weights(log_w)
    zero = np.zeros_like(wt)
    k = len(log_w)
    return Coefficients(
      path(wt, k) + zero, score(wt, k) + zero, wt, log_mean_exp(log_w)
    )

  return formula


def attached(weights_and_bound: Callable[[np.ndarray], tuple]) -> Formula:
  """Returns the formula of a bound that is differentiated as it stands."""

  def formula(log_w: np.ndarray) -> Coefficients:
    coefficient, bound = weights_and_bound(log_w)
    return Coefficients(coefficient, -coefficient, coefficient, bound)

  return formula


def elbo(log_w: np.ndarray) -> tuple:
  return np.full_like(log_w, 1 / len(log_w)), log_w.mean(0)


def iwae(log_w: np.ndarray) -> tuple:
  return weights(log_w), log_mean_exp(log_w)


def miwae(log_w: np.ndarray) -> tuple:
  """Two bounds."""
  groups = np.split(log_w, 2)
  within = np.concatenate([weights(group) for group in groups]) / 2
  return within, np.mean([log_mean_exp(group) for group in groups], 0)


def piwae(log_w: np.ndarray) -> Coefficients:
  """Two bounds for the posterior."""
  within, _ = miwae(log_w)
  return Coefficients(within, -within, weights(log_w), log_mean_exp(log_w))


def ciwae(log_w: np.ndarray) -> tuple:
  """Beta is 0.3."""
  (flat, low), (wt, high) = elbo(log_w), iwae(log_w)
  return 0.3 * flat + 0.7 * wt, 0.3 * low + 0.7 * high


def renyi(log_w: np.ndarray) -> tuple:
  """Alpha is 0.6."""
  return weights(0.4 * log_w), log_mean_exp(0.4 * log_w) / 0.4


def power(alpha: float, scale: float) -> Factor:
  """Returns scale (alpha - 1) K^(alpha - 1) wt^alpha."""
  return lambda wt, k: scale * (alpha - 1) * k ** (alpha - 1) * wt**alpha


def nothing(wt: np.ndarray, k: int) -> float:
  del wt, k
  return 0.0


def weight(wt: np.ndarray, k: int) -> np.ndarray:
  del k
  return wt


def estimate(
  formula: Formula,
  problem: gaussian_problems.Problem,
  example: np.ndarray,
  noise: np.ndarray,
) -> tuple[np.ndarray, gaussian_formulas.Gradient]:
  """Returns the bound and each row's gradient of ascent, by the formula."""
  terms = gaussian_formulas.terms(problem, example, noise)
  found = formula(terms.log_w)
  gradient = {
    name: _sum(found.path, path) + _sum(found.score, terms.score[name])
    for name, path in terms.path.items()
  }
  gradient |= {name: _sum(found.model, g) for name, g in terms.model.items()}
  return found.bound, gradient


def _sum(coefficient: np.ndarray, values: np.ndarray) -> np.ndarray:
  """Returns the sum over samples of `[K, R]` times `[K, R, ...]`."""
  trailing = (1,) * (values.ndim - 2)
  return (coefficient.reshape(*coefficient.shape, *trailing) * values).sum(0)


def moments(
  formula: Formula,
  problem: gaussian_problems.Problem,
  nodes: quadrature.Outcomes,
) -> quadrature.Moments:
  """Returns the moments of a formula, without tf_mco."""
  bound, gradient = estimate(formula, problem, nodes.example, nodes.noise)
  return quadrature.moments_of(bound, gradient, nodes)
