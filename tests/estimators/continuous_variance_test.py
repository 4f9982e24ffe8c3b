"""The exact variance of the posterior's gradient, by quadrature.

A fault that keeps the mean changes the variance.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.testing import continuous_formulas
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature

# Summed over the posterior's parameters, a number per example, at K = 2. From
# the NumPy formulas of `tests/testing/continuous_formulas.py`, not from
# `tf_mco`, with 60 nodes per noise variable, for the chain 20: all digits are
# those of 50, for the chain 18.
_VARIANCES = {
  'normal': {
    'elbo': (2.15001943353, 1.81306447188, 1.63730447257),
    'iwae': (2.30011316519, 2.12713430667, 1.33216622664),
    'stl': (0.0106637728031, 0.0341279433395, 0.0157217186492),
    'dreg': (0.00320558425739, 0.0104597187654, 0.00339220493876),
    'rws_dreg': (0.00223585577916, 0.0069856132221, 0.00459322006475),
    'rws': (2.54364564167, 2.69671665171, 1.06001972382),
    'aisle-chi2': (0.0512893481183, 0.167355500246, 0.0542752790201),
    'renyi': (2.2048056812, 1.93341864933, 1.50359834226),
  },
  'chain': {
    'elbo': (6.06884551669, 5.0355098428),
    'iwae': (5.63975496713, 5.50198805979),
    'stl': (0.0501460121951, 0.0421674495773),
    'dreg': (0.0121209606505, 0.0130239397235),
    'rws_dreg': (0.013350303102, 0.00861245249890),
    'rws': (5.24844549263, 6.1921651476),
    'aisle-chi2': (0.193935370408, 0.208383035576),
    'renyi': (5.86718634866, 5.20614075939),
  },
}
_NODES = {'normal': 24, 'chain': 14}

_CASES = [(kind, name) for kind, found in _VARIANCES.items() for name in found]


def _total(
  problem: gaussian_problems.Problem, moments: quadrature.Moments
) -> np.ndarray:
  """Returns `[N]`, the sum over the posterior's parameters."""
  return sum(
    moments.variance[name].reshape(problem.num_examples, -1).sum(-1)
    for name in problem.groups['posterior']
  )


@pytest.mark.parametrize(('kind', 'name'), _CASES)
def test_variance(kind: str, name: str) -> None:
  expected = _VARIANCES[kind][name]
  problem = gaussian_problems.make(kind, len(expected))
  nodes = quadrature.outcomes(problem, 2, _NODES[kind], symmetric=True)
  row = continuous_rows.BY_NAME[name]
  found = quadrature.moments(row.make(2), problem, nodes, stopped=row.stopped)
  np.testing.assert_allclose(_total(problem, found), expected, rtol=5e-9)


def test_recorded_values_are_those_of_the_formulas() -> None:
  """Recomputed where it is quick."""
  problem = gaussian_problems.make('normal')
  nodes = quadrature.outcomes(problem, 2, 60)
  for name, expected in _VARIANCES['normal'].items():
    formula = continuous_rows.BY_NAME[name].formula
    found = continuous_formulas.moments(formula, problem, nodes)
    np.testing.assert_allclose(_total(problem, found), expected, rtol=1e-11)
