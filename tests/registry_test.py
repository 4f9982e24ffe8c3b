"""Names and options of estimators, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
import math
import re
from typing import Any

import pytest

from tests.contract import table
import tf_mco
from tf_mco import estimators
from tf_mco import registry

# What the contract draws from MIWAE and PIWAE is the product of two options.
one_count = pytest.mark.parametrize(
  'row', [row for row in table.ROWS if row.symmetric], ids=str
)


@one_count
def test_count_below_the_minimum(row: table.Row) -> None:
  minimum = row.counts[0]
  for value in (minimum - 1, -1, True, float(minimum), str(minimum), None):
    options = dict(row.options) | {row.size: value}
    message = f'`{row.size}`.*at least {minimum}.*Received: {row.size}='
    with pytest.raises(ValueError, match=message):
      tf_mco.get_estimator(row.name, **options)


@pytest.mark.parametrize('name', tf_mco.estimator_names())
def test_unknown_option(name: str) -> None:
  with pytest.raises(ValueError, match='num_.*Received: samples'):
    tf_mco.get_estimator(name, samples=3)


@pytest.mark.parametrize(
  ('name', 'options'),
  [
    ('vimco', {'baseline': 'harmonic'}),
    ('disarm', {'shared_randomness': 1}),
    ('local_disarm', {'symmetrized': 'yes'}),
    ('aisle', {'divergence': 1.0}),
    ('aisle', {'divergence': 'js'}),
    ('rws', {'phase': 'dream'}),
    ('rws', {'defensive': 1.0}),
    ('ciwae', {'beta': 1.5}),
    ('renyi', {'alpha': 1.0}),
    ('dreg', {'num_samples': 0}),
    ('miwae', {'num_bounds': 0}),
  ],
)
def test_bad_option(name: str, options: dict[str, Any]) -> None:
  ((option, value),) = options.items()
  with pytest.raises(ValueError, match=f'Received: {option}={value!r}'):
    tf_mco.get_estimator(name, **options)


def test_unknown_name() -> None:
  with pytest.raises(ValueError, match="Received: name='vimko'") as info:
    tf_mco.get_estimator('vimko')
  for name in tf_mco.estimator_names():
    assert name in str(info.value)


def test_classes_are_public() -> None:
  for name in tf_mco.estimator_names():
    assert type(tf_mco.get_estimator(name)).__name__ in estimators.__all__


@pytest.mark.parametrize('name', tf_mco.estimator_names())
def test_configuration_of_the_defaults(name: str) -> None:
  estimator = tf_mco.get_estimator(name)
  assert isinstance(estimator, tf_mco.Estimator)
  assert registry.from_config(registry.to_config(estimator)) == estimator


def test_configuration_of_an_unregistered_estimator() -> None:
  class Mine(estimators.Reinforce):
    """A subclass may behave otherwise: its parent's name would mislead."""

  with pytest.raises(ValueError, match='Only estimators of the registry'):
    registry.to_config(Mine())


_BAD_VALUES: list[tuple[Callable[[Any], Any], str, str, list[Any]]] = [
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
    for make, name, expected, values in _BAD_VALUES
    for value in values
  ],
)
def test_bad_value_of_an_option(
  make: Callable, name: str, expected: str, value: Any
) -> None:
  pattern = (
    f'`{name}` must be {re.escape(expected)}.*'
    f'Received: {name}={re.escape(repr(value))}'
  )
  with pytest.raises(ValueError, match=pattern):
    make(value)
