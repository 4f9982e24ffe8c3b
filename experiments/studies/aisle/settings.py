"""The settings of the AISLE study: its flags, checked, and its presets."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import NamedTuple

from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.framework import study_checks
from experiments.studies.aisle import descent as gaussian_descent
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import target as gaussian_target

# The settings that are lists: the study runs all combinations of their values,
# and a directory that is used again may have more or fewer of them.
LISTS = ('families', 'dims', 'samples', 'optimizers', 'methods')


@dataclasses.dataclass(frozen=True)
class AisleSettings(settings_lib.Settings):
  """The settings of the study, one field for each flag.

  Raises:
    ValueError: for an unknown name, or a number out of range.
  """

  families: tuple[str, ...] = settings_lib.setting(
    gaussian_target.FAMILIES, f'Some of {list(gaussian_target.FAMILIES)}.'
  )
  dims: tuple[int, ...] = settings_lib.setting((2, 5, 10), 'Dimensions D of z.')
  samples: tuple[int, ...] = settings_lib.setting(
    (1, 10, 100), 'Samples K of a gradient.'
  )
  optimizers: tuple[str, ...] = settings_lib.setting(
    gaussian_descent.OPTIMIZERS,
    f'Some of {list(gaussian_descent.OPTIMIZERS)}.',
  )
  methods: tuple[str, ...] = settings_lib.setting(
    tuple(gaussian_methods.METHODS),
    f'Some of {list(gaussian_methods.METHODS)}.',
  )
  repeats: int = settings_lib.setting(100, 'Problems, each with its own start.')
  iterations: int = settings_lib.setting(10_000, 'Steps of an optimizer.')
  observations: int = settings_lib.setting(
    25, 'Observations N of each problem.'
  )
  variance_draws: int = settings_lib.setting(
    500, 'Gradients whose variance is measured.'
  )
  alpha: float = settings_lib.setting(
    1.5, 'Divergence of AISLE-alpha, above 1.'
  )
  seed: int = settings_lib.setting(
    0, 'Seed of all random numbers.', at_least=0, at_most=setting_rules.MAX_SEED
  )

  def __post_init__(self) -> None:
    super().__post_init__()
    study_checks.names('families', self.families, gaussian_target.FAMILIES)
    study_checks.names(
      'optimizers', self.optimizers, gaussian_descent.OPTIMIZERS
    )
    for name in ('dims', 'samples'):
      for value in getattr(self, name):
        study_checks.at_least(name, value, 1)
    methods = gaussian_methods.canonical(self.methods)
    object.__setattr__(self, 'methods', methods)
    for name in LISTS:
      study_checks.distinct(name, getattr(self, name))
    for name in ('repeats', 'iterations', 'observations'):
      study_checks.at_least(name, getattr(self, name), 1)
    study_checks.at_least('variance_draws', self.variance_draws, 2)
    if not 1 < self.alpha < math.inf:
      raise ValueError(
        'Expected a finite alpha > 1: below, its formulas climb the '
        f'divergence, or vanish. Received: alpha={self.alpha}'
      )
    # These calls raise now what they would raise when all is done.
    for family, dims in itertools.product(self.families, self.dims):
      covariance = gaussian_target.posterior_covariance(family, dims)
      gaussian_target.scales(covariance, self.alpha)


# The name of the variance's measurement, which takes the place of an optimizer.
VARIANCE = 'variance'
PRESETS: settings_lib.Presets = {
  'quick': {
    'dims': (2,),
    'repeats': 10,
    'iterations': 1000,
    'variance_draws': 100,
  },
  'paper': {},
}


class Task(NamedTuple):
  """One line of the results: a method on a target, with K samples."""

  dims: int
  samples: int
  method: str
  family: str
  optimizer: str  # or 'variance'

  @property
  def trains(self) -> bool:
    """True for a run of an optimizer."""
    return self.optimizer != VARIANCE


def tasks(settings: AisleSettings) -> list[Task]:
  """Returns all combinations; tasks that share a program stand together."""
  combinations = itertools.product(
    settings.dims,
    settings.samples,
    settings.methods,
    settings.families,
    [VARIANCE, *settings.optimizers],
  )
  return [Task(*values) for values in combinations]
