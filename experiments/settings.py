"""What a run of binary latent variables is: its settings, and presets."""

from __future__ import annotations

import dataclasses
from typing import Any

from experiments import datasets
from experiments import networks
import tf_mco


@dataclasses.dataclass(frozen=True)
class Settings:
  """The original's configuration, one field for each flag.

  Options of the estimator are None where its own default holds.
  """

  dataset: str = 'digits'
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
  batch_size: int = 50
  steps: int = 1_000_000
  eval_every: int = 1000
  eval_samples: int = 100
  eval_examples: int = 1000
  track_variance: bool = False
  jit_compile: bool = True
  seed: int = 0

  def __post_init__(self) -> None:
    choices = {
      'dataset': datasets.NAMES,
      'architecture': networks.ARCHITECTURES,
    }
    for name, known in choices.items():
      if getattr(self, name) not in known:
        raise ValueError(
          f'Unknown --{name}. Expected one of {", ".join(known)}. Received: '
          f'{getattr(self, name)}'
        )
    for name in _POSITIVE:
      if getattr(self, name) < 1:
        raise ValueError(
          f'--{name} must be at least 1. Received: {getattr(self, name)}'
        )
    for name in _RATES:
      if not 0 <= getattr(self, name) < float('inf'):
        raise ValueError(
          f'--{name} must be a finite rate >= 0. Received: '
          f'{getattr(self, name)}'
        )
    if self.steps % self.eval_every:
      raise ValueError(
        '--steps must be a multiple of --eval_every. Received: '
        f'steps={self.steps}, eval_every={self.eval_every}'
      )
    self.make_estimator()

  def make_estimator(self) -> Any:
    """Returns the estimator; ValueError for an option that it lacks."""
    options = {name: getattr(self, name) for name in _ESTIMATOR_OPTIONS}
    given = {
      name: value for name, value in options.items() if value is not None
    }
    return tf_mco.get_estimator(self.estimator, **given)

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


_ESTIMATOR_OPTIONS = (
  'num_samples',
  'num_pairs',
  'baseline',
  'symmetrized',
  'shared_randomness',
)
_POSITIVE = (
  'num_layers',
  'units',
  'hidden_units',
  'batch_size',
  'steps',
  'eval_every',
  'eval_samples',
  'eval_examples',
)
_RATES = (
  'encoder_learning_rate',
  'decoder_learning_rate',
  'prior_learning_rate',
)
# Changing them continues a run, or does not change what it computes.
MAY_CHANGE = ('steps',)


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
  if preset not in PRESETS:
    raise ValueError(
      f'Unknown --preset. Expected one of {", ".join(PRESETS)}. Received: '
      f'{preset}'
    )
  options = {**PRESETS[preset], **flags}
  if 'eval_every' not in flags and 'steps' in flags:
    default = options.get('eval_every', Settings.eval_every)
    options['eval_every'] = min(default, flags['steps'])
  return Settings(**options)
