"""What a run of non-Gaussian latent variables is: its settings, and presets."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, ClassVar

from experiments.implicit import latent_families
from experiments.runs import settings as run_settings


@dataclasses.dataclass(frozen=True)
class Settings(run_settings.RunSettings):
  """One field for each flag."""

  latent: str = 'von_mises'
  estimator: str = 'elbo'
  num_samples: int | None = None
  units: int = 8
  hidden_units: int = 200
  learning_rate: float = 1e-3
  steps: int = 4000
  eval_every: int = 1000
  test_samples: int = 1000
  test_examples: int | None = None

  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
    **run_settings.RunSettings.choices,
    'latent': tuple(latent_families.FAMILIES),
  }
  positive: ClassVar[tuple[str, ...]] = (
    'units',
    'hidden_units',
    'test_samples',
    'test_examples',
    *run_settings.RunSettings.positive,
  )
  rates: ClassVar[tuple[str, ...]] = ('learning_rate',)
  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, f'{self.latent}_{self.units}', self.estimator]
    if self.num_samples is not None:
      parts.append(f'k{self.num_samples}')
    return '-'.join([*parts, f'seed{self.seed}'])


PRESETS: dict[str, dict[str, Any]] = {
  # Less than a minute, without a download.
  'digits': {'dataset': 'digits', 'hidden_units': 64, 'batch_size': 100},
  'mnist': {
    'dataset': 'mnist',
    'batch_size': 100,
    'steps': 20_000,
    'eval_every': 2_000,
    'test_examples': 1_000,
  },
  # Latent spaces that are a circle and a torus, to be looked at.
  'circle': {
    'dataset': 'mnist',
    'units': 1,
    'batch_size': 100,
    'steps': 10_000,
    'eval_every': 2_000,
    'test_examples': 1_000,
  },
  'torus': {
    'dataset': 'mnist',
    'units': 2,
    'batch_size': 100,
    'steps': 10_000,
    'eval_every': 2_000,
    'test_examples': 1_000,
  },
}


def make(preset: str, flags: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, with the flags that were given.

  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  return run_settings.make(Settings, PRESETS, preset, flags)
