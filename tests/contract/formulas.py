"""The formulas of the papers, in NumPy: the estimate that one draw gives.

A formula gives each sample three coefficients: of the derivative through the
sample, of the score of q, and of the gradient of log p(x, z). Finke and Thiery
(2019), arXiv:1907.10477, write most of the estimators so. Antithetic pairs
have formulas of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.special

Gradient: TypeAlias = dict[str, np.ndarray]


class Terms(NamedTuple):
  """Log-weights of K samples in R draws, and their derivatives."""

  log_w: np.ndarray  # `[K, R]`
  path: Gradient  # posterior's parameters -> `[K, R, ...]`, may be empty
  score: Gradient  # posterior's parameters -> `[K, R, ...]`
  model: Gradient  # model's and prior's parameters -> `[K, R, ...]`


class Coefficients(NamedTuple):
  """Coefficients of the derivatives of each sample, and the bound."""

  path: np.ndarray  # `[K, R]`, of the posterior's path derivatives
  score: np.ndarray  # `[K, R]`, of the posterior's scores
  model: np.ndarray  # `[K, R]`, of grad log p(x, z), for model and prior
  bound: np.ndarray  # `[R]`


# From log-weights `[K, R]`.
Formula: TypeAlias = Callable[[np.ndarray], Coefficients]
# From normalized weights `[K, R]` and K.
Factor: TypeAlias = Callable[[np.ndarray, int], Any]


def weights(log_w: np.ndarray) -> np.ndarray:
  return scipy.special.softmax(log_w, 0)


def log_mean_exp(log_w: np.ndarray) -> np.ndarray:
  return scipy.special.logsumexp(log_w, 0) - np.log(len(log_w))


def estimate(formula: Formula, terms: Terms) -> tuple[np.ndarray, Gradient]:
  """Returns the bound and each row's gradient of ascent."""
  found = formula(terms.log_w)
  gradient = {
    name: _sum(found.score, score) for name, score in terms.score.items()
  }
  for name, path in terms.path.items():
    gradient[name] = gradient[name] + _sum(found.path, path)
  gradient |= {name: _sum(found.model, g) for name, g in terms.model.items()}
  return found.bound, gradient


def _sum(coefficient: np.ndarray, values: np.ndarray) -> np.ndarray:
  """Returns the sum over samples of `[K, R]` times `[K, R, ...]`."""
  trailing = (1,) * (values.ndim - 2)
  return (coefficient.reshape(*coefficient.shape, *trailing) * values).sum(0)


# Estimators whose coefficients are functions of the normalized weights.


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


def power(alpha: float, scale: float) -> Factor:
  """Returns scale (alpha - 1) K^(alpha - 1) wt^alpha."""
  return lambda wt, k: scale * (alpha - 1) * k ** (alpha - 1) * wt**alpha


def nothing(wt: np.ndarray, k: int) -> float:
  del wt, k
  return 0.0


def weight(wt: np.ndarray, k: int) -> np.ndarray:
  del k
  return wt


# Bounds that are differentiated as they stand.


def attached(weights_and_bound: Callable[[np.ndarray], tuple]) -> Formula:
  """Returns the formula of a bound, from its gradient in log w and itself."""

  def formula(log_w: np.ndarray) -> Coefficients:
    coefficient, bound = weights_and_bound(log_w)
    return Coefficients(coefficient, -coefficient, coefficient, bound)

  return formula


def elbo(log_w: np.ndarray) -> tuple:
  return np.full_like(log_w, 1 / len(log_w)), log_w.mean(0)


def iwae(log_w: np.ndarray) -> tuple:
  return weights(log_w), log_mean_exp(log_w)


def miwae(log_w: np.ndarray) -> tuple:
  """Returns weights and bound for two groups of samples."""
  groups = np.split(log_w, 2)
  within = np.concatenate([weights(group) for group in groups]) / 2
  return within, np.mean([log_mean_exp(group) for group in groups], 0)


def piwae(log_w: np.ndarray) -> Coefficients:
  """Returns the coefficients for two groups of samples in the posterior."""
  within, _ = miwae(log_w)
  return Coefficients(within, -within, weights(log_w), log_mean_exp(log_w))


def ciwae(log_w: np.ndarray) -> tuple:
  """Returns weights and bound for a beta of 0.3."""
  (flat, low), (wt, high) = elbo(log_w), iwae(log_w)
  return 0.3 * flat + 0.7 * wt, 0.3 * low + 0.7 * high


def renyi(log_w: np.ndarray) -> tuple:
  """Returns weights and bound for an alpha of 0.6."""
  return weights(0.4 * log_w), log_mean_exp(0.4 * log_w) / 0.4


# Scores times learning signals.


def _scores(score: np.ndarray, log_w: np.ndarray) -> Coefficients:
  """Returns the coefficients of the mean of log-weights."""
  flat, bound = elbo(log_w)
  return Coefficients(np.zeros_like(log_w), score, flat, bound)


def reinforce(log_w: np.ndarray) -> Coefficients:
  return _scores(log_w / len(log_w), log_w)


def reinforce_loo(log_w: np.ndarray) -> Coefficients:
  """Returns coefficients that compare each signal to the mean of the others."""
  signal = [w - other.mean(0) for w, other in _others(log_w)]
  return _scores(np.array(signal) / len(log_w), log_w)


def vimco(mean: Callable[[np.ndarray], np.ndarray]) -> Formula:
  """Returns VIMCO with a mean of the other log-weights in each's place."""

  def formula(log_w: np.ndarray) -> Coefficients:
    wt, bound = iwae(log_w)
    # -sum_k wt_k s_k is the gradient of the bound through -log q.
    signal = np.array(
      [
        bound - log_mean_exp(np.concatenate([other, mean(other)[None]]))
        for _, other in _others(log_w)
      ]
    )
    return Coefficients(np.zeros_like(log_w), signal - wt, wt, bound)

  return formula


def geometric(others: np.ndarray) -> np.ndarray:
  return others.mean(0)


def _others(log_w: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
  """Returns each sample's log-weight, and those of all others."""
  return [(log_w[k], np.delete(log_w, k, 0)) for k in range(len(log_w))]


# Antithetic pairs.


class PairTerms(NamedTuple):
  """The terms of one layer's pairs: of both halves, and of their origin."""

  half: Terms
  other: Terms
  bits: tuple[np.ndarray, np.ndarray]  # `[K, R, D]` of both halves
  uniform: np.ndarray  # `[K, R, D]`
  logits: np.ndarray  # `[K, R, D]`


class PairEstimate(NamedTuple):
  """The contribution of one layer's pairs to an estimate."""

  logits: np.ndarray  # `[K, R, D]`, the gradient in this layer's logits
  # Coefficients of the scores of half and other, and of their log p(x, z).
  halves: tuple[Coefficients, ...]


PairFormula: TypeAlias = Callable[[PairTerms], PairEstimate]


def _mean_of_both(terms: PairTerms) -> tuple[Coefficients, ...]:
  """Returns the coefficients of the mean over all evaluations."""
  parts = []
  for log_w in (terms.half.log_w, terms.other.log_w):
    flat, bound = elbo(log_w)
    parts.append(Coefficients(0 * flat, 0 * flat, flat / 2, bound / 2))
  return tuple(parts)


def arm(terms: PairTerms) -> PairEstimate:
  difference = (terms.half.log_w - terms.other.log_w)[..., None]
  gradient = difference * (terms.uniform - 0.5) / len(difference)
  return PairEstimate(gradient, _mean_of_both(terms))


def disarm(terms: PairTerms) -> PairEstimate:
  difference = terms.half.log_w - terms.other.log_w
  gradient = _disarm(difference, *terms.bits, terms.logits)
  return PairEstimate(gradient / len(difference), _mean_of_both(terms))


def _disarm(
  difference: np.ndarray,
  b: np.ndarray,
  b_tilde: np.ndarray,
  logits: np.ndarray,
) -> np.ndarray:
  """Returns `[K, R, D]`; the logits of the layer are those of both halves."""
  sign = np.where(b_tilde == 1, -1, 1)
  scale = scipy.special.expit(np.abs(logits))
  return 0.5 * difference[..., None] * (b != b_tilde) * sign * scale


def local_disarm(*, symmetrized: bool) -> PairFormula:
  """Returns local DisARM: each sample replaced by its antithesis."""

  def formula(terms: PairTerms) -> PairEstimate:
    sides = [(terms.half, terms.other, terms.bits)]
    if symmetrized:
      sides.append((terms.other, terms.half, terms.bits[::-1]))
    gradient, halves = 0.0, []
    for half, other, bits in sides:
      swapped = []
      for k, replacement in enumerate(other.log_w):
        log_w = half.log_w.copy()
        log_w[k] = replacement
        swapped.append(log_mean_exp(log_w))
      difference = log_mean_exp(half.log_w)[None] - np.array(swapped)
      gradient = gradient + _disarm(difference, *bits, terms.logits)
      wt, bound = iwae(half.log_w)
      parts = (0 * wt, -wt, wt, bound)
      halves.append(Coefficients(*(part / len(sides) for part in parts)))
    return PairEstimate(gradient / len(sides), tuple(halves))

  return formula
