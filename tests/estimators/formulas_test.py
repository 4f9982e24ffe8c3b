"""Each draw's gradient, against the papers' formulas written in numpy.

With these the variance is right as well as the mean. For one and two layers
of binary variables; a score in the logits is b - sigmoid(logits).
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import pytest
import scipy.special

from tests.testing import moments
from tests.testing import rows

# One `[K, R, D]` per layer: a path, or a gradient in the logits along it.
Layers: TypeAlias = list[np.ndarray]


class _Half(NamedTuple):
  """K paths, their scores and their log-weights `[K, R]`."""

  path: Layers
  scores: Layers
  log_w: np.ndarray
  logits: Layers


def _half(case: rows.Case, path: tuple[np.ndarray, ...]) -> _Half:
  parameters = case.problem.rows(case.outcomes.example)
  logits = [
    case.problem.logits(parameters, path[:layer]).numpy() + np.zeros_like(b)
    for layer, b in enumerate(path)
  ]
  log_q = sum(
    (b * x - np.logaddexp(0, x)).sum(-1)
    for b, x in zip(path, logits, strict=True)
  )
  scores = [
    b - scipy.special.expit(x) for b, x in zip(path, logits, strict=True)
  ]
  log_p = case.problem.function(parameters, path).numpy()
  return _Half(list(path), scores, log_p - log_q, logits)


def _add(
  total: dict[str, np.ndarray], layer: int, path: Layers, gradient: np.ndarray
) -> None:
  """Adds a gradient in one layer's logits to that in its parameters."""
  bias = 'logits' if layer == 0 else f'bias{layer}'
  total[bias] = total.get(bias, 0) + gradient.sum(0)
  if layer > 0:
    name, signs = f'weights{layer}', 2 * path[layer - 1] - 1
    weights = np.einsum('kri,krj->rij', signs, gradient)
    total[name] = total.get(name, 0) + weights


def _log_mean_exp(log_w: np.ndarray) -> np.ndarray:
  return scipy.special.logsumexp(log_w, 0) - np.log(len(log_w))


def _coefficients(case: rows.Case, log_w: np.ndarray) -> np.ndarray:
  """Returns `[K, R]`, what multiplies the score of each sample."""
  others = [np.delete(log_w, k, 0) for k in range(case.count)]
  if case.row.name == 'reinforce':
    return log_w / case.count
  if case.row.name == 'reinforce_loo':
    return (log_w - [other.mean(0) for other in others]) / case.count
  result = _log_mean_exp(log_w) - scipy.special.softmax(log_w, 0)
  for k, other in enumerate(others):
    geometric = case.row.options == (('baseline', 'geometric'),)
    mean = other.mean(0) if geometric else _log_mean_exp(other)
    result[k] -= _log_mean_exp(np.concatenate([other, mean[None]]))
  return result


def _independent(case: rows.Case) -> dict[str, np.ndarray]:
  samples = case.outcomes.draw.samples
  path = samples if isinstance(samples, tuple) else (samples,)
  half = _half(case, tuple(z.numpy() for z in path))
  coefficients = _coefficients(case, half.log_w)[..., None]
  total: dict[str, np.ndarray] = {}
  for layer, score in enumerate(half.scores):
    _add(total, layer, half.path, coefficients * score)
  return total


def _pairs(case: rows.Case) -> dict[str, np.ndarray]:
  total: dict[str, np.ndarray] = {}
  symmetrized = dict(case.row.options).get('symmetrized', False)
  for layer, pair in enumerate(case.outcomes.draw.pairs):
    half = _half(case, tuple(z.numpy() for z in pair.path))
    other = _half(case, tuple(z.numpy() for z in pair.antithetic))
    if case.row.name == 'arm':
      difference = (half.log_w - other.log_w)[..., None]
      gradient = difference * (pair.uniform.numpy() - 0.5) / case.count
    elif case.row.name == 'disarm':
      gradient = _disarm(half.log_w, other.log_w, half, other, layer)
      gradient = gradient / case.count
    else:
      halves = [(half, other), (other, half)][: 1 + symmetrized]
      gradient = 0
      for one, two in halves:
        gradient += _local_disarm(one, two, layer) / len(halves)
        _add_path_term(total, one, 1 / len(halves) / len(case.sizes))
    _add(total, layer, half.path, gradient)
  return total


def _disarm(
  f: np.ndarray, f_tilde: np.ndarray, half: _Half, other: _Half, layer: int
) -> np.ndarray:
  """Returns `[K, R, D]`; the logits of the layer are those of both halves."""
  b, b_tilde = half.path[layer], other.path[layer]
  sign = np.where(b_tilde == 1, -1, 1)
  scale = scipy.special.expit(np.abs(half.logits[layer]))
  return 0.5 * (f - f_tilde)[..., None] * (b != b_tilde) * sign * scale


def _local_disarm(half: _Half, other: _Half, layer: int) -> np.ndarray:
  swapped = []
  for k, replacement in enumerate(other.log_w):
    log_w = half.log_w.copy()
    log_w[k] = replacement
    swapped.append(_log_mean_exp(log_w))
  bound = _log_mean_exp(half.log_w)[None]
  return _disarm(bound, np.array(swapped), half, other, layer)


def _add_path_term(
  total: dict[str, np.ndarray], half: _Half, share: float
) -> None:
  """Adds -sum_k wt_k s_k, the gradient of the bound through -log q."""
  weights = scipy.special.softmax(half.log_w, 0)[..., None]
  for layer, score in enumerate(half.scores):
    _add(total, layer, half.path, -share * weights * score)


@pytest.mark.parametrize(
  'case', [case for case in rows.CASES if case.num_examples > 1], ids=str
)
def test_each_draw(case: rows.Case) -> None:
  parameters = case.problem.rows(case.outcomes.example)
  _, found = moments.per_row(
    case.estimator, case.problem, parameters, case.outcomes.draw
  )
  expected = _pairs(case) if case.row.pairs else _independent(case)
  assert set(expected) == set(case.problem.groups['posterior'])
  for name, gradient in expected.items():
    np.testing.assert_allclose(
      found[name], gradient, rtol=1e-10, atol=1e-12, err_msg=name
    )


def test_pairs_have_the_joint_probabilities_of_the_paper() -> None:
  """P(1,1) = max(2s - 1, 0), P(0,0) = max(1 - 2s, 0), else min(s, 1 - s)."""
  row = next(row for row in rows.ROWS if row.name == 'disarm')
  case = rows.Case(row, 1, (1,), 8)
  s = scipy.special.expit(case.problem.values['logits'][:, 0])
  expected = {
    (1, 1): np.maximum(2 * s - 1, 0),
    (0, 0): np.maximum(1 - 2 * s, 0),
    (1, 0): np.minimum(s, 1 - s),
    (0, 1): np.minimum(s, 1 - s),
  }
  (pair,) = case.outcomes.draw.pairs
  halves = (pair.path[0].numpy()[0, :, 0], pair.antithetic[0].numpy()[0, :, 0])
  for outcome, probability in expected.items():
    found = np.bincount(
      case.outcomes.example,
      case.outcomes.probability * np.all(np.transpose(halves) == outcome, -1),
    )
    np.testing.assert_allclose(found, probability, rtol=1e-12, atol=1e-15)
