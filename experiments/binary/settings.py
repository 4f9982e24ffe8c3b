"""What a run of binary latent variables is: its settings, and presets."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, ClassVar

from experiments.binary import networks
from experiments.runs import settings as run_settings


@dataclasses.dataclass(frozen=True)
class Settings(run_settings.RunSettings):
  """The original's configuration, one field for each flag.

  Options of the estimator are None where its own default holds.
  """

  estimator: str = 'disarm'
  num_samples: int | None = None
  num_pairs: int | None = None
  baseline: str | None = None
  symmetrized: bool | None = None
  shared_randomness: bool | None = None
  architecture: str = 'linear'
  num_layers: int = 1
  units: int = 200
  hidden_units: int = 200
  demean_input: bool = True
  initialize_with_bias: bool = True
  encoder_learning_rate: float = 1e-4
  decoder_learning_rate: float = 1e-4
  prior_learning_rate: float = 1e-2
  steps: int = 1_000_000

  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
    **run_settings.RunSettings.choices,
    'architecture': networks.ARCHITECTURES,
  }
  positive: ClassVar[tuple[str, ...]] = (
    'num_layers',
    'units',
    'hidden_units',
    *run_settings.RunSettings.positive,
  )
  rates: ClassVar[tuple[str, ...]] = (
    'encoder_learning_rate',
    'decoder_learning_rate',
    'prior_learning_rate',
  )
  estimator_options: ClassVar[tuple[str, ...]] = (
    'num_samples',
    'num_pairs',
    'baseline',
    'symmetrized',
    'shared_randomness',
  )

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, self.architecture, self.estimator]
    if self.num_layers > 1:
      parts.insert(2, f'{self.num_layers}_layers')
    for short, value in (('p', self.num_pairs), ('k', self.num_samples)):
      if value is not None:
        parts.append(f'{short}{value}')
    return '-'.join([*parts, f'seed{self.seed}'])


def _published() -> dict[str, dict[str, Any]]:
  """Returns the networks of the DisARM paper on each of its data sets."""
  shapes: dict[str, dict[str, Any]] = {
    'linear': {'architecture': 'linear'},
    'nonlinear': {'architecture': 'nonlinear'},
  }
  for depth in (2, 3, 4):
    shapes[f'{depth}_layers'] = {'num_layers': depth}
  return {
    f'{dataset}_{shape}': {'dataset': dataset, **options}
    for dataset in ('mnist', 'fashion_mnist', 'omniglot', 'omniglot_burda')
    for shape, options in shapes.items()
  }


PRESETS: dict[str, dict[str, Any]] = {
  # A model that can be looked at after less than a minute, without a download.
  'digits': {
    'dataset': 'digits',
    'units': 64,
    'encoder_learning_rate': 1e-3,
    'decoder_learning_rate': 1e-3,
    'steps': 30_000,
    'eval_every': 1000,
    'eval_examples': 250,
  },
  **_published(),
}


def make(preset: str, flags: dict[str, Any]) -> Settings:
  """Returns the settings of a preset, with the flags that were given.

  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  return run_settings.make(Settings, PRESETS, preset, flags)
