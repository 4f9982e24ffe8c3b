"""Every estimator of the registry keeps the contract, exactly.

There is one test over the table, the oracles and the checks: `table.py` has a
row for each estimator, `oracles/` knows the exact answers, and `checks.py` says
what holds. Promises of a single estimator are tested in `tests/estimators`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.contract import checks
from tests.contract import formulas
from tests.contract import frequencies
from tests.contract import lost_paths
from tests.contract import recorded_variances
from tests.contract import table
from tests.contract import transformations
from tests.contract.oracles import oracle
from tests.contract.oracles import quadrature
import tf_mco

Check = Callable[[table.Case], None]


def _of(names: tuple[str, ...], cases: list[table.Case]) -> list[table.Case]:
  """Returns the cases of some rows."""
  return [case for case in cases if str(case.row) in names]


def _on(kinds: tuple[str, ...], cases: list[table.Case]) -> list[table.Case]:
  """Returns the cases on some kinds of Gaussian problems."""
  return [case for case in cases if case.oracle.kind in kinds]


# Two layers for one row of each kind of formula.
_LAYERED = (
  *('elbo', 'iwae', 'stl', 'dreg', 'rws', 'aisle-3', 'aisle-chi2-score'),
  *('miwae', 'piwae', 'renyi'),
)
_TWO = [
  *_on(('normal',), table.DRAWN),
  *_of(_LAYERED, _on(('chain',), table.DRAWN)),
]
_ANY = [*table.SMALL, *_TWO, *table.GAMMA[::2]]
_OTHER_DTYPES = [
  case for case in table.OTHER_FORMS if case.oracle.form in ('int32', 'scalar')
]
_ANY_OF_ONE_LAYER = [case for case in _ANY if case.oracle.num_layers == 1]
_CHAINS = [case for case in table.SMALL if case.oracle.num_layers == 2]
# One row of each family of formulas is compiled, or its batch size unknown.
_BINARY = _of(('vimco-geometric', 'disarm', 'local_disarm-True'), _CHAINS)
# DisARM's draw is compiled, and local DisARM's surrogate.
_COMPILED = [
  *_of(('vimco-geometric', 'local_disarm-True'), _CHAINS),
  *_of(('iwae', 'aisle-3', 'piwae'), _on(('normal',), _TWO)),
]
_UNKNOWN = [
  *_BINARY,
  *_of(('iwae', 'piwae'), _on(('normal',), _TWO)),
  *_of(('aisle-3', 'rws'), _on(('chain',), _TWO)),
]
_THREE = [
  case
  for case in table.BINARY
  if case.count == 3 and case.oracle.num_layers == 1
]
_PAIRS = [case for case in table.SMALL if case.row.draws == 'pairs']
# Every estimator, once, and one row of each way to make a loss.
_EVERY = [
  *(case for case in table.SMALL if case.oracle.num_layers == 1),
  *(
    case
    for case in _on(('normal',), table.DRAWN)
    if case.row not in table.BINARY_ROWS
    and (case.row.name != 'aisle' or 'aisle-3' in str(case.row))
  ),
  *_of(('rsvi-1', 'grep'), table.GAMMA[::2]),
]
_EACH_WAY = _of(
  ('reinforce_loo', 'vimco-geometric', 'disarm', 'local_disarm-True')
  + ('iwae', 'aisle-3', 'aisle-3-score', 'miwae', 'piwae', 'grep'),
  _EVERY,
)
_LOST = [
  *(case for case in _EVERY if case.row.differentiates),
  *_of(('elbo', 'stl', 'piwae', 'rws'), _on(('chain',), table.DRAWN)),
  *_of(('vimco-geometric', 'disarm'), _CHAINS),
]

_CASES: list[tuple[Check, list[table.Case]]] = [
  (
    checks.check_moments,
    [*table.BINARY, *table.OTHER_FORMS, *table.INTEGRATED, *table.CLOSED]
    + [*table.ENDS, *table.GAMMA[::2]],
  ),
  (
    checks.check_each_draw,
    [c for c in table.BINARY if c.oracle.num_examples > 1] + table.GAMMA[::2],
  ),
  (
    checks.check_variance,
    [*table.SMALL, *_THREE]
    + [c for c in table.INTEGRATED if c.count == 2 and c.oracle.kind != 'tril']
    + table.CHAIN_VARIANCES,
  ),
  (
    checks.check_expectation,
    [c for c in [*table.SMALL, *_THREE] if c.row.of_mean]
    + [c for c in table.SMALL if not c.row.of_mean][::2]
    + [c for c in _on(('normal',), _TWO) if not c.row.of_mean]
    + table.GAMMA,
  ),
  (checks.check_own_draws, [*table.SMALL, *table.DRAWN, *table.GAMMA[::2]]),
  (checks.check_surrogate, [*_ANY, *_OTHER_DTYPES]),
  (checks.check_surrogate_in_float32, _ANY_OF_ONE_LAYER),
  (checks.check_log_weights, _ANY),
  (checks.check_batch_invariance, _ANY),
  (checks.check_order, _TWO),
  (checks.check_seeds, _ANY),
  (checks.check_estimate_is_draw_then_surrogate, _ANY),
  (checks.check_evaluations, _ANY),
  (checks.check_configuration, [*table.SMALL[::2], *_on(('normal',), _TWO)]),
  (checks.check_jit, _COMPILED),
  (checks.check_jit_draw, _of(('disarm',), _CHAINS)),
  (checks.check_unknown_batch_size, _UNKNOWN),
  (
    frequencies.check_draw_frequencies,
    [c for c in table.BINARY if c.row in table.DRAWN_ALIKE and c.count < 3],
  ),
  (frequencies.check_uniform, _of(('disarm',), _PAIRS)),
  (transformations.check_mapped, _EACH_WAY),
  (
    transformations.check_mapped_in_graph,
    _of(('disarm', 'iwae', 'aisle-3', 'grep'), _EVERY),
  ),
  (
    transformations.check_jacobian,
    _of(('vimco-geometric', 'disarm', 'iwae', 'dreg', 'grep'), _EVERY),
  ),
  (
    transformations.check_first_order,
    [case for case in _EVERY if not case.row.attached],
  ),
  (transformations.check_forward_mode, _EVERY),
  (lost_paths.check_lost_path, _LOST),
  (
    lost_paths.check_lost_path_of_a_mean,
    [case for case in _LOST if case.row.of_mean],
  ),
]


def _by_case() -> list[pytest.param]:
  """Returns check and case; those of one case are neighbours.

  The estimates of all draws of a case are then computed once.
  """
  by_case: dict[table.Case, list[Check]] = {}
  for check, cases in _CASES:
    for case in cases:
      if check not in by_case.setdefault(case, []):
        by_case[case].append(check)
  return [
    pytest.param(check, case, id=f'{case}-{check.__name__[6:]}')
    for case, of_case in by_case.items()
    for check in of_case
  ]


@pytest.mark.parametrize(('check', 'case'), _by_case())
def test_contract(check: Check, case: table.Case) -> None:
  check(case)


def test_every_name_has_a_row() -> None:
  missing = set(tf_mco.estimator_names()) ^ {row.name for row in table.ROWS}
  assert not missing, f'see ROWS of tests/contract/table.py: {missing}'


def test_every_recorded_variance_is_tested() -> None:
  cases = dict(_CASES)[checks.check_variance]
  missing = set(recorded_variances.VARIANCES) - {str(case) for case in cases}
  assert not missing


def test_recorded_variances_are_those_of_the_formulas() -> None:
  """They are computed again where it is quick, on a grid of 60 nodes."""
  problem = quadrature.Quadrature('normal').problem
  outcomes = quadrature.grid(problem, 2, 60)
  recorded = recorded_variances.VARIANCES
  cases = [case for case in table.INTEGRATED if str(case) in recorded]
  for case in _on(('normal',), cases):
    found = quadrature.by_formula(case.row.formula, problem, outcomes)
    total = checks.total_variance(oracle.moments(found, outcomes), case)
    np.testing.assert_allclose(total, recorded[str(case)], rtol=1e-11)


@pytest.mark.parametrize(
  ('kind', 'count'), [('normal', 2), ('normal', 3), ('tril', 2), ('chain', 2)]
)
def test_squared_weights_of_the_model_would_be_found(
  kind: str, count: int
) -> None:
  """DReG squares the posterior's weights, and the model's stay plain."""
  case = table.real(table.BY_NAME['dreg'], kind, count)

  def wrong(log_w: np.ndarray) -> formulas.Coefficients:
    right = case.row.formula(log_w)
    return right._replace(model=right.model**2)

  found = case.oracle.moments_of_formula(wrong, count, True)
  with pytest.raises(AssertionError):
    for name in case.problem.groups['model']:
      np.testing.assert_allclose(
        found.mean[name], case.exact.gradient[name], *case.oracle.tolerance
      )


@pytest.mark.parametrize('name', ['dreg', 'rws_dreg', 'stl'])
def test_two_layers_three_samples(name: str) -> None:
  """In the mean DReG is IWAE, RWS-DReG is RWS, and STL is their sum."""
  case = table.real(table.BY_NAME[name], 'chain', 3)
  found = oracle.moments(case.estimates(case.outcomes), case.outcomes)
  iwae, rws = (
    case.oracle.moments_of_formula(table.BY_NAME[other].formula, 3, True).mean
    for other in ('iwae', 'rws')
  )
  for key in case.problem.names:
    expected = {'dreg': iwae[key], 'rws_dreg': rws[key]}
    expected['stl'] = iwae[key] + rws[key]
    posterior = key in case.problem.groups['posterior']
    mean = expected[name] if posterior else iwae[key]
    np.testing.assert_allclose(
      found.mean[key], mean, *case.oracle.tolerance, err_msg=key
    )


@pytest.mark.parametrize('alpha', ['kl', 'chi2', 1.5, 3])
@pytest.mark.parametrize(('kind', 'count'), [('normal', 3), ('chain', 2)])
def test_score_form_doubly_reparameterized(
  alpha: str | float, kind: str, count: int
) -> None:
  """E[wt^a s] = E[a wt^a (1 - wt) path], by which the score forms are right."""
  case = table.real(table.BY_NAME[f'aisle-{alpha}-score'], kind, count)
  exponent = {'kl': 1.0, 'chi2': 2.0}.get(str(alpha), alpha)

  def factor(wt: np.ndarray, k: int) -> np.ndarray:
    scale = (exponent - 1) * k ** (exponent - 1) if alpha != 'kl' else 1
    return scale * exponent * wt**exponent * (1 - wt)

  formula = formulas.importance(factor, formulas.nothing)
  expected = case.oracle.moments_of_formula(formula, count, True)
  found = oracle.moments(case.estimates(case.outcomes), case.outcomes)
  # The highest power converges last.
  error = 50 * (1e-8 if kind == 'chain' else case.oracle.error)
  for name in case.problem.groups['posterior']:
    np.testing.assert_allclose(
      found.mean[name], expected.mean[name], rtol=0, atol=error
    )
