"""Checks of an estimator's exact moments; each raises AssertionError."""

from __future__ import annotations

import numpy as np

from tests.testing import exact
from tests.testing import moments as moments_lib
from tests.testing import problems
from tests.testing import reference
from tests.testing import rows

_TOLERANCE = 1e-10


def moments(case: rows.Case) -> moments_lib.Moments:
  """Returns the moments of the case's estimator, over all of its draws."""
  return moments_lib.moments(case.estimator, case.problem, case.outcomes)


def check_probabilities(case: rows.Case) -> None:
  """The enumerated draws of each example have total probability one."""
  outcomes = case.outcomes
  total = np.bincount(outcomes.example, outcomes.probability)
  np.testing.assert_allclose(total, np.ones(case.num_examples), rtol=1e-12)


def check_bound(case: rows.Case, found: moments_lib.Moments) -> None:
  """The mean of the reported bound is that bound."""
  _assert_close(found.bound, case.exact.value, 'mean of the bound')


def check_posterior_gradient(
  case: rows.Case, found: moments_lib.Moments
) -> None:
  """Unbiased for what `unbiased_for` declares."""
  assert case.estimator.unbiased_for == case.row.declared
  if case.row.declared is None:
    return
  assert case.row.declared == case.row.bound, 'no exact gradient in the table'
  check_gradient(case.problem, found, case.exact, 'posterior')


def check_model_gradient(case: rows.Case, found: moments_lib.Moments) -> None:
  """The model's and the prior's gradients are those of the reported bound."""
  check_gradient(case.problem, found, case.exact, 'model')
  check_gradient(case.problem, found, case.exact, 'prior')


def check_gradient(
  problem: problems.Problem,
  found: moments_lib.Moments,
  expected: exact.Exact,
  group: str,
) -> None:
  """The mean gradient of a group of parameters is the exact gradient."""
  for name in problem.groups[group]:
    what = f'mean gradient of {name!r} in group {group!r}'
    _assert_close(found.mean[name], expected.gradient[name], what)
    size = np.abs(expected.gradient[name]).max()
    assert size > 1e-4, f'{what}: exact gradient vanishes, nothing was tested'


def check_all_moments(case: rows.Case) -> None:
  """All of the above."""
  check_probabilities(case)
  found = moments(case)
  check_bound(case, found)
  check_posterior_gradient(case, found)
  check_model_gradient(case, found)


def check_expectation(case: rows.Case) -> None:
  """`expectation` and its gradient have the mean E_q[fn(z)] and its own."""
  problem, fn = case.problem, problems.toy_cost
  expected = exact.expectation(problem, fn)
  found = moments_lib.moments(case.estimator, problem, case.outcomes, fn)
  _assert_close(found.bound, expected.value, 'mean of the expectation')
  check_gradient(problem, found, expected, 'posterior')
  check_gradient(problem, found, expected, 'model')


def posterior_variance(
  found: moments_lib.Moments, case: rows.Case
) -> np.ndarray:
  """Returns `[N]`, the variance summed over the posterior's parameters."""
  names = case.problem.groups['posterior']
  return sum(
    found.variance[name].reshape(case.num_examples, -1).sum(-1)
    for name in names
  )


def check_variance(case: rows.Case) -> None:
  """The variance of the posterior's gradient is the recorded one."""
  found = posterior_variance(moments(case), case)
  np.testing.assert_allclose(
    found, reference.VARIANCES[str(case)], rtol=1e-9, err_msg='variance'
  )


def _assert_close(found: np.ndarray, expected: np.ndarray, what: str) -> None:
  np.testing.assert_allclose(
    found, expected, rtol=_TOLERANCE, atol=_TOLERANCE, err_msg=what
  )
