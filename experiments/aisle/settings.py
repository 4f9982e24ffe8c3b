"""What the Gaussian study runs: its flags, checked, and its presets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
import dataclasses
import itertools
import math
from typing import Any, NamedTuple

from experiments.aisle import descent as gaussian_descent
from experiments.aisle import methods as gaussian_methods
from experiments.aisle import problem as gaussian_problem


@dataclasses.dataclass(frozen=True)
class Settings:
  """Every combination of the first five is run.

  Raises:
    ValueError: for an unknown name, or a number out of range.
  """

  families: tuple[str, ...] = gaussian_problem.FAMILIES
  dims: tuple[int, ...] = (2, 5, 10)
  samples: tuple[int, ...] = (1, 10, 100)
  optimizers: tuple[str, ...] = gaussian_descent.OPTIMIZERS
  methods: tuple[str, ...] = tuple(gaussian_methods.METHODS)
  repeats: int = 100
  iterations: int = 10_000
  observations: int = 25
  variance_draws: int = 500
  alpha: float = 1.5
  seed: int = 0

  def __post_init__(self) -> None:
    _check_names('families', self.families, gaussian_problem.FAMILIES)
    _check_names('optimizers', self.optimizers, gaussian_descent.OPTIMIZERS)
    for name in ('dims', 'samples'):
      for value in getattr(self, name):
        _check_at_least(name, value, 1)
    methods = gaussian_methods.canonical(self.methods)
    object.__setattr__(self, 'methods', methods)
    for name in ('families', 'dims', 'samples', 'optimizers', 'methods'):
      _check_list(name, getattr(self, name))
    for name in ('repeats', 'iterations', 'observations'):
      _check_at_least(name, getattr(self, name), 1)
    _check_at_least('variance_draws', self.variance_draws, 2)
    if not 1 < self.alpha < math.inf:
      raise ValueError(
        'Expected a finite alpha > 1: below, its formulas climb the '
        f'divergence, or vanish. Received: alpha={self.alpha}'
      )
    # Raises now what would be raised when all is done.
    for family, dims in itertools.product(self.families, self.dims):
      covariance = gaussian_problem.posterior_covariance(family, dims)
      gaussian_problem.scales(covariance, self.alpha)


# What measures the variance is called so among the optimizers.
VARIANCE = 'variance'
# The names whose values may differ where a directory is used again.
LISTS = ('families', 'dims', 'samples', 'optimizers', 'methods')
PRESETS: dict[str, dict[str, Any]] = {
  'quick': {
    'dims': (2,),
    'repeats': 10,
    'iterations': 1000,
    'variance_draws': 100,
  },
  'paper': {},
}


class Task(NamedTuple):
  """One line of the results."""

  dims: int
  samples: int
  method: str
  family: str
  optimizer: str  # or 'variance'

  @property
  def trains(self) -> bool:
    """Whether this is a run of an optimizer."""
    return self.optimizer != VARIANCE


def tasks(settings: Settings) -> list[Task]:
  """Returns every combination; those that share a program stand together."""
  combinations = itertools.product(
    settings.dims,
    settings.samples,
    settings.methods,
    settings.families,
    [VARIANCE, *settings.optimizers],
  )
  return [Task(*values) for values in combinations]


def make(preset: str, given: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, but for what is given."""
  _check_names('preset', [preset], PRESETS)
  return Settings(**{**PRESETS[preset], **given})


def integers(name: str, values: Collection[str]) -> tuple[int, ...]:
  """Returns the integers that a flag lists; ValueError if one is none."""
  try:
    return tuple(int(value) for value in values)
  except ValueError as error:
    raise ValueError(
      f'Expected integers. Received: --{name}={",".join(values)}'
    ) from error


def _check_names(
  name: str, values: Collection[str], choices: Collection[str]
) -> None:
  unknown = [value for value in values if value not in choices]
  if unknown:
    raise ValueError(
      f'Unknown {name}. Expected some of {list(choices)}. Received: {unknown}'
    )


def _check_list(name: str, values: Collection[Any]) -> None:
  if not values or len(set(values)) < len(values):
    raise ValueError(
      f'Expected {name}, each once, and at least one. Received: {list(values)}'
    )


def _check_at_least(name: str, value: int, minimum: int) -> None:
  if value < minimum:
    raise ValueError(f'Expected {name} >= {minimum}. Received: {name}={value}')
