"""The mean of every estimator, by quadrature over the samples' noise.

Against integrals of plain NumPy formulas on a finer grid, whose own error the
tolerance covers too. Of the estimator IWAE the mean is the derivative of the
integral on any grid; DReG's agrees with it only where the grid is fine enough.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

from tests.testing import continuous_formulas
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature


class Grid(NamedTuple):
  """A problem, K, and nodes for each noise variable."""

  kind: str
  num_samples: int
  nodes: int
  finer: int  # of the reference
  tolerance: float = 1e-12
  num_examples: int = 3

  def __str__(self) -> str:
    return f'{self.kind}-{self.num_samples}'

  @property
  def problem(self) -> gaussian_problems.Problem:
    return _problem(self.kind, self.num_examples)


_problem = functools.cache(gaussian_problems.make)

_GRIDS = [
  # At K = 1 the integrands are polynomials, and the nodes exact.
  Grid('normal', 1, 8, 9),
  Grid('normal', 2, 28, 32),
  Grid('normal', 3, 24, 28, 1e-11),
  Grid('normal', 4, 12, 14, 1e-9),
  Grid('tril', 1, 5, 6),
  Grid('tril', 2, 11, 12, 1e-8, 2),
  Grid('chain', 1, 6, 7),
  Grid('chain', 2, 11, 12, 1e-8, 2),
]
# One order of the samples stands for all: 1e-8 in reasonable time.
_CHAIN_3 = Grid('chain', 3, 9, 9, 1e-8, 1)

_CASES = [
  (row, grid)
  for row in continuous_rows.ROWS
  for grid in _GRIDS
  if grid.num_samples in row.counts
  and (row.declared(grid.num_samples) or grid.kind == 'normal')
]


@functools.cache
def _nodes(
  grid: Grid, finer: bool = False, symmetric: bool = False
) -> quadrature.Outcomes:
  count = grid.finer if finer else grid.nodes
  return quadrature.outcomes(
    grid.problem, grid.num_samples, count, symmetric=symmetric
  )


@functools.cache
def _reference(name: str, grid: Grid) -> quadrature.Moments:
  """Returns the moments of a row's formula."""
  row = continuous_rows.BY_NAME[name]
  nodes = _nodes(grid, True, row.symmetric)
  return continuous_formulas.moments(row.formula, grid.problem, nodes)


def _moments(row: continuous_rows.Row, grid: Grid) -> quadrature.Moments:
  return quadrature.moments(
    row.make(grid.num_samples),
    grid.problem,
    _nodes(grid, symmetric=row.symmetric),
    stopped=row.stopped,
  )


def _assert_close(
  found: quadrature.Moments,
  expected: quadrature.Moments,
  grid: Grid,
  *groups: str,
) -> None:
  names = [n for group in groups for n in grid.problem.groups[group]]
  for name in names:
    one, two = found.mean[name], expected.mean[name]
    np.testing.assert_allclose(
      one, two, rtol=0, atol=grid.tolerance, err_msg=name
    )


@pytest.mark.parametrize(('row', 'grid'), _CASES, ids=str)
def test_mean(row: continuous_rows.Row, grid: Grid) -> None:
  """Bound and model against the bound reported, posterior as declared."""
  estimator = row.make(grid.num_samples)
  declared = row.declared(grid.num_samples)
  assert estimator.unbiased_for == declared
  found, formula = _moments(row, grid), _reference(row.name, grid)
  np.testing.assert_allclose(
    found.bound, formula.bound, rtol=0, atol=grid.tolerance
  )
  _assert_close(found, formula, grid, 'model', 'prior')
  if declared is None or row.name == 'miwae':
    # Of no bound: as in the table. MIWAE's is the mean of two.
    _assert_close(found, formula, grid, 'posterior')
  else:
    _assert_close(found, _reference(declared, grid), grid, 'posterior')


@pytest.mark.parametrize(
  'grid', [grid for grid in _GRIDS if grid.num_samples in (2, 3)], ids=str
)
def test_model_gets_the_plain_weights(grid: Grid) -> None:
  """The gradient of E[L_K], which squared weights would not give."""
  found = _moments(continuous_rows.BY_NAME['dreg'], grid)
  _assert_close(found, _reference('iwae', grid), grid, 'model', 'prior')

  def formula(log_w: np.ndarray) -> continuous_formulas.Coefficients:
    right = continuous_rows.BY_NAME['dreg'].formula(log_w)
    return right._replace(model=right.model**2)

  nodes = _nodes(grid, True, True)
  wrong = continuous_formulas.moments(formula, grid.problem, nodes)
  with pytest.raises(AssertionError):
    _assert_close(wrong, _reference('iwae', grid), grid, 'model')


@pytest.mark.parametrize('name', ['dreg', 'rws_dreg', 'stl'])
def test_two_layers_three_samples(name: str) -> None:
  """In the mean DReG is IWAE, RWS-DReG is RWS, STL is their sum."""
  found = _moments(continuous_rows.BY_NAME[name], _CHAIN_3)
  iwae, rws = _reference('iwae', _CHAIN_3), _reference('rws', _CHAIN_3)
  both = {key: iwae.mean[key] + rws.mean[key] for key in rws.mean}
  expected = {'dreg': iwae, 'rws_dreg': rws, 'stl': rws._replace(mean=both)}
  _assert_close(found, expected[name], _CHAIN_3, 'posterior')
  _assert_close(found, iwae, _CHAIN_3, 'model', 'prior')


@pytest.mark.parametrize('alpha', ['kl', 'chi2', 1.5, 3])
@pytest.mark.parametrize(
  'grid', [grid for grid in _GRIDS if str(grid) in ('normal-3', 'chain-2')]
)
def test_score_form_doubly_reparameterized(
  alpha: str | float, grid: Grid
) -> None:
  """E[wt^a s] = E[a wt^a (1 - wt) path], by which the score forms are right."""
  found = _moments(continuous_rows.BY_NAME[f'aisle-{alpha}-score'], grid)
  exponent = {'kl': 1.0, 'chi2': 2.0}.get(str(alpha), alpha)

  def factor(wt: np.ndarray, k: int) -> np.ndarray:
    scale = (exponent - 1) * k ** (exponent - 1) if alpha != 'kl' else 1
    return scale * exponent * wt**exponent * (1 - wt)

  formula = continuous_formulas.importance(factor, continuous_formulas.nothing)
  nodes = _nodes(grid, True, True)
  expected = continuous_formulas.moments(formula, grid.problem, nodes)
  # The highest power converges last.
  loose = grid._replace(tolerance=50 * grid.tolerance)
  _assert_close(found, expected, loose, 'posterior')
