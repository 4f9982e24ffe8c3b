"""RWS and AISLE without a path, on binary variables: every draw enumerated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import scipy.special

from tests.testing import continuous_rows
from tests.testing import enumeration
from tests.testing import exact
from tests.testing import exact_checks
from tests.testing import moments
from tests.testing import problems

_ROWS = [row for row in continuous_rows.ROWS if row.stopped]
_CASES = [
  (count, sizes)
  for count, sizes in (
    (1, (2,)),
    (2, (2,)),
    (3, (2,)),
    (1, (2, 1)),
    (2, (2, 1)),
  )
]


class Scored(NamedTuple):
  """All samples of all draws, in NumPy."""

  log_w: np.ndarray  # `[K, R]`
  score: dict[str, np.ndarray]  # name -> `[K, R, ...]`


def _score(problem: problems.Problem, outcomes: enumeration.Outcomes) -> Scored:
  samples = outcomes.draw.samples
  path = samples if isinstance(samples, tuple) else (samples,)
  z = [one.numpy() for one in path]
  v = {name: value[outcomes.example] for name, value in problem.values.items()}
  logits = [np.broadcast_to(v['logits'], z[0].shape)]
  if len(z) == 2:
    signs = 2 * z[0] - 1
    product = np.einsum('kri,rij->krj', signs, v['weights1'])
    logits.append(product + v['bias1'])
  log_q = 0.0
  for bits, logit in zip(z, logits, strict=True):
    log_q += scipy.special.log_expit((2 * bits - 1) * logit).sum(-1)
  rest = [
    bits - scipy.special.expit(logit)
    for bits, logit in zip(z, logits, strict=True)
  ]
  score = {'logits': rest[0]}
  if len(z) == 2:
    score['weights1'] = signs[..., None] * rest[1][..., None, :]
    score['bias1'] = rest[1]
  log_p = problem.function(problem.rows(outcomes.example), path).numpy()
  return Scored(log_p - log_q, score)


@pytest.mark.parametrize(('count', 'sizes'), _CASES)
@pytest.mark.parametrize('row', _ROWS, ids=str)
def test_mean(
  row: continuous_rows.Row, count: int, sizes: tuple[int, ...]
) -> None:
  """The posterior's is the formula's, the model's that of L_K, to 1e-10."""
  problem = problems.toy(sizes, 3)
  outcomes = enumeration.independent(problem, count)
  estimator = row.make(count)
  assert estimator.unbiased_for is None
  found = moments.moments(estimator, problem, outcomes)
  reported = exact.iwae(problem, count)
  np.testing.assert_allclose(found.bound, reported.value, rtol=1e-10)
  for group in ('model', 'prior'):
    exact_checks.check_gradient(problem, found, reported, group)

  scored = _score(problem, outcomes)
  coefficients = row.formula(scored.log_w).score * outcomes.probability
  for name, score in scored.score.items():
    trailing = (1,) * (score.ndim - 2)
    terms = (coefficients.reshape(*coefficients.shape, *trailing) * score).sum(
      0
    )
    expected = np.zeros_like(problem.values[name])
    np.add.at(expected, outcomes.example, terms)
    np.testing.assert_allclose(
      found.mean[name], expected, rtol=1e-10, atol=1e-10, err_msg=name
    )
    assert (np.abs(expected).max() > 1e-3) == (count > 1), 'zero at K = 1'


def test_many_samples_fit_the_posterior() -> None:
  """With K the wake phase nears the gradient of -KL(p(z | x) || q)."""
  problem = problems.toy((1,), 3)
  states = enumeration.independent(problem, 1)
  log_w = _score(problem, states).log_w[0].reshape(3, 2)
  s = scipy.special.expit(problem.values['logits'])
  q = np.concatenate([1 - s, s], 1)
  posterior = scipy.special.softmax(log_w + np.log(q), 1)
  limit = posterior[:, 1:] - s
  error = []
  for count in (2, 4, 8):
    outcomes = enumeration.independent(problem, count)
    row = continuous_rows.BY_NAME['rws']
    found = moments.moments(row.make(count), problem, outcomes)
    error.append(np.abs(found.mean['logits'] - limit).max())
  # The bias of self-normalized weights is of order 1 / K.
  assert error[0] > 1.5 * error[1] > 2.25 * error[2]
  assert error[2] < 0.25 * np.abs(limit).max()
