"""Estimators at an equal number of evaluations."""

from __future__ import annotations

from typing import Any

import pytest

import tf_mco
from tf_mco import diagnostics

_SIZES = {
  'reinforce': 'num_samples',
  'reinforce_loo': 'num_samples',
  'vimco': 'num_samples',
  'arm': 'num_pairs',
  'disarm': 'num_pairs',
  'local_disarm': 'num_pairs',
}


@pytest.mark.parametrize(
  ('evaluations', 'num_layers', 'samples', 'pairs'),
  [(2, 1, 2, 1), (6, 1, 6, 3), (4, 2, 4, 1), (12, 3, 12, 2)],
)
def test_budget(
  evaluations: int, num_layers: int, samples: int, pairs: int
) -> None:
  found = diagnostics.at_equal_evaluations(
    list(_SIZES), evaluations, num_layers=num_layers
  )
  assert list(found) == list(_SIZES)
  for name, size in _SIZES.items():
    expected = samples if size == 'num_samples' else pairs
    assert getattr(found[name], size) == expected
    assert found[name] == tf_mco.get_estimator(name, **{size: expected})


def test_options_and_labels_are_kept() -> None:
  arithmetic = tf_mco.get_estimator('vimco', baseline='arithmetic')
  found = diagnostics.at_equal_evaluations(
    {'geometric': 'vimco', 'arithmetic': arithmetic}, 4
  )
  assert found == {
    'geometric': tf_mco.get_estimator('vimco', num_samples=4),
    'arithmetic': tf_mco.get_estimator(
      'vimco', num_samples=4, baseline='arithmetic'
    ),
  }


@pytest.mark.parametrize(
  ('estimators', 'evaluations', 'num_layers', 'message'),
  [
    (['disarm'], 3, 1, 'disarm needs a multiple of 2 .*evaluations=3'),
    (['arm'], 6, 2, 'arm needs a multiple of 4 .*num_layers=2'),
    (['local_disarm'], 1, 1, 'local_disarm needs a multiple of 2'),
    (['vimco'], 1, 1, 'num_samples=1'),
    (['reinforce'], 0, 1, 'evaluations=0'),
    (['reinforce'], 1, 0, 'num_layers=0'),
    ([], 2, 1, 'at least one estimator'),
    (['vimco', tf_mco.estimators.Vimco(3)], 4, 1, 'need labels'),
    ([3], 4, 1, 'Expected an estimator'),
    (['nothing'], 4, 1, 'Unknown estimator'),
  ],
)
def test_impossible_budgets(
  estimators: Any, evaluations: int, num_layers: int, message: str
) -> None:
  with pytest.raises(ValueError, match=message):
    diagnostics.at_equal_evaluations(
      estimators, evaluations, num_layers=num_layers
    )
