"""What the Gaussian study of the Hamiltonian VAE runs, and its presets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
import dataclasses
import math
from typing import Any

from experiments.hvae_study import methods as methods_lib
from experiments.hvae_study import problem as problem_lib
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering

# The names whose values may differ where a directory is used again.
LISTS = ('dims', 'methods')


@dataclasses.dataclass(frozen=True)
class Settings:
  """Every method is run at every dimension.

  Raises:
    ValueError: for an unknown name, or a number out of range.
  """

  dims: tuple[int, ...] = (1, 2, 3, 5, 11, 25, 51, 101, 201, 301)
  methods: tuple[str, ...] = tuple(methods_lib.METHODS)
  repeats: int = 10
  num_points: int = 10_000
  iterations: int = 30_000
  samples: int = 10
  learning_rate: float = 1e-3
  schedule: str = 'inverse_sqrt_beta'
  nf_missing_half: bool = False
  nf_shared: bool = False
  seed: int = 0

  def __post_init__(self) -> None:
    _check_names('methods', self.methods, methods_lib.METHODS)
    schedules = hamiltonian_tempering.SCHEDULES
    _check_names('schedule', [self.schedule], schedules)
    for name in LISTS:
      values = getattr(self, name)
      if not values or len(set(values)) < len(values):
        raise ValueError(
          f'Expected {name}, each once, and at least one. Received: {values}'
        )
    minima = {'num_points': 2, 'iterations': 1, 'repeats': 1, 'samples': 1}
    for name, minimum in minima.items():
      _check_at_least(name, getattr(self, name), minimum)
    for value in self.dims:
      _check_at_least('dims', value, 1)
    if not 0 < self.learning_rate < math.inf:
      raise ValueError(
        'Expected a positive learning_rate. Received: '
        f'learning_rate={self.learning_rate}'
      )

  @property
  def options(self) -> problem_lib.Options:
    """What all methods share."""
    return problem_lib.Options(
      samples=self.samples,
      nf_missing_half=self.nf_missing_half,
      nf_shared=self.nf_shared,
      schedule=self.schedule,
    )


PRESETS: dict[str, dict[str, Any]] = {
  'small': {'dims': (1, 3, 11, 25, 51)},
  'paper': {},
}


def make(preset: str, given: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, but for what is given."""
  _check_names('preset', [preset], PRESETS)
  return Settings(**{**PRESETS[preset], **given})


def _check_names(
  name: str, values: Collection[str], choices: Collection[str]
) -> None:
  unknown = [value for value in values if value not in choices]
  if unknown:
    raise ValueError(
      f'Unknown {name}. Expected some of {list(choices)}. Received: {unknown}'
    )


def _check_at_least(name: str, value: int, minimum: int) -> None:
  if value < minimum:
    raise ValueError(f'Expected {name} >= {minimum}. Received: {name}={value}')
