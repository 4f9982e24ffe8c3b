"""Bad options of the estimators of continuous variables."""

from __future__ import annotations

from collections.abc import Callable
import math
import re
from typing import Any

import pytest

from tf_mco import estimators

_BAD_NUMBERS: list[tuple[Callable[[Any], Any], str, str, list[Any]]] = [
  *(
    (make, 'num_samples', 'an integer of at least 1', [0, -3, True, 2.0, 'two'])
    for make in (
      estimators.Elbo,
      estimators.Iwae,
      estimators.Stl,
      estimators.Dreg,
      estimators.RwsDreg,
      estimators.Rws,
      estimators.Aisle,
      estimators.Ciwae,
      estimators.Renyi,
    )
  ),
  *(
    (
      lambda value, cls=cls, name=name: cls(**{name: value}),
      name,
      'an integer of at least 1',
      [0, -1, True, 1.5, None],
    )
    for cls in (estimators.Miwae, estimators.Piwae)
    for name in ('num_bounds', 'num_samples_per_bound')
  ),
  (
    lambda value: estimators.Ciwae(3, beta=value),
    'beta',
    'a number in [0, 1]',
    [-0.1, 1.1, math.nan, math.inf, True, '0.5', None],
  ),
  (
    lambda value: estimators.Renyi(3, alpha=value),
    'alpha',
    'a number in [0, 1)',
    [-0.1, 1, 1.0, 2, math.nan, False, 'half'],
  ),
  (
    lambda value: estimators.Aisle(3, value),
    'divergence',
    "'kl', 'chi2' or a real alpha > 1",
    [1, 1.0, 0.5, 0, -2.0, math.nan, math.inf, True, None, ['kl']],
  ),
  (
    lambda value: estimators.Aisle(3, value),
    'divergence',
    "one of 'kl', 'chi2'",
    ['chi', 'KL', '', 'renyi'],
  ),
  (
    lambda value: estimators.Aisle(3, reparameterized=value),
    'reparameterized',
    'True or False',
    [0, 1, None, 'yes'],
  ),
]


@pytest.mark.parametrize(
  ('make', 'name', 'expected', 'value'),
  [
    (make, name, expected, value)
    for make, name, expected, values in _BAD_NUMBERS
    for value in values
  ],
)
def test_bad_option(
  make: Callable, name: str, expected: str, value: Any
) -> None:
  pattern = (
    f'`{name}` must be {re.escape(expected)}.*'
    f'Received: {name}={re.escape(repr(value))}'
  )
  with pytest.raises(ValueError, match=pattern):
    make(value)
