"""Names and options of estimators, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing import rows
import tf_mco
from tf_mco import estimators
from tf_mco import registry


@pytest.mark.parametrize('row', rows.ROWS, ids=lambda row: row.name)
def test_count_below_the_minimum(row: rows.Row) -> None:
  minimum = row.counts[0]
  for value in (minimum - 1, -1, float(minimum), str(minimum), None):
    options = dict(row.options) | {row.count: value}
    message = f'`{row.count}`.*at least {minimum}.*Received: {row.count}='
    with pytest.raises(ValueError, match=message):
      tf_mco.get_estimator(row.name, **options)


@pytest.mark.parametrize('row', rows.ROWS, ids=lambda row: row.name)
def test_unknown_option(row: rows.Row) -> None:
  with pytest.raises(ValueError, match=f'{row.count}.*Received: samples'):
    tf_mco.get_estimator(row.name, samples=3)


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
