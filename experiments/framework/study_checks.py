"""Checks of the settings of studies, with one wording for each mistake."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def names(name: str, values: Collection[str], choices: Collection[str]) -> None:
  """Raises ValueError unless all values of a setting are known."""
  unknown = [value for value in values if value not in choices]
  if unknown:
    raise ValueError(
      f'Unknown {name}. Expected some of {list(choices)}. Received: {unknown}'
    )


def distinct(name: str, values: Collection[Any]) -> None:
  """Raises ValueError unless a list has values, each of them once."""
  if not values or len(set(values)) < len(values):
    raise ValueError(
      f'Expected {name}, each once, and at least one. Received: {list(values)}'
    )


def at_least(name: str, value: int, minimum: int) -> None:
  """Raises ValueError for a number below the minimum."""
  if value < minimum:
    raise ValueError(f'Expected {name} >= {minimum}. Received: {name}={value}')
