"""What a run of the convolutional Hamiltonian VAE is: settings, presets."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, ClassVar

from experiments.hvae import networks as hvae_networks
from experiments.runs import settings as run_settings
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering

OPTIMIZERS = ('original', 'adamax', 'adam')


@dataclasses.dataclass(frozen=True)
class Settings(run_settings.RunSettings):
  """The original's configuration, one field for each flag.

  XLA is off: its convolutions on a CPU take three times as long.
  """

  dataset: str = 'mnist'
  estimator: str = 'elbo'
  leapfrog_steps: int = 5
  tempering: str = 'fixed'
  schedule: str = 'variance'
  step_size: float = 0.2
  max_step_size: float = 0.5
  step_size_per_step: bool = False
  initial_temperature: float = 1.5
  alpha: float = 0.9
  recompute: bool = False
  control_variate: bool = False
  units: int = 64
  hidden_units: int = 450
  initializer: str = 'original'
  optimizer: str = 'original'
  learning_rate: float = 5e-4
  batch_size: int = 100
  steps: int = 1_000_000
  eval_every: int = 500
  eval_samples: int = 1
  eval_examples: int = 10_000
  patience: int = 100
  test_samples: int = 1_000
  test_examples: int | None = None
  test_repeats: int = 3
  jit_compile: bool = False

  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
    **run_settings.RunSettings.choices,
    'estimator': ('elbo',),
    'tempering': hamiltonian_tempering.TEMPERINGS,
    'schedule': hamiltonian_tempering.SCHEDULES,
    'initializer': tuple(hvae_networks.INITIALIZERS),
    'optimizer': OPTIMIZERS,
  }
  positive: ClassVar[tuple[str, ...]] = (
    'units',
    'hidden_units',
    'patience',
    'test_samples',
    'test_examples',
    'test_repeats',
    *run_settings.RunSettings.positive,
  )
  rates: ClassVar[tuple[str, ...]] = ('learning_rate',)

  def __post_init__(self) -> None:
    super().__post_init__()
    if self.leapfrog_steps < 0:
      raise ValueError(
        f'--leapfrog_steps must be at least 0. Received: {self.leapfrog_steps}'
      )
    for name, low, high in (
      ('max_step_size', 0.0, float('inf')),
      ('step_size', 0.0, self.max_step_size),
      ('initial_temperature', 1.0, float('inf')),
      ('alpha', 0.0, 1.0),
    ):
      value = getattr(self, name)
      if not low < value < high:
        raise ValueError(
          f'--{name} must be between {low:g} and {high:g}. Received: {value}'
        )

  @property
  def method(self) -> str:
    """What is trained, in a word or two."""
    if not self.leapfrog_steps:
      return 'vae'
    return f'hvae_k{self.leapfrog_steps}-{self.tempering}'

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, self.method]
    if self.leapfrog_steps and self.step_size_per_step:
      parts.append('per_step')
    if self.initializer != 'original':
      parts.append(self.initializer)
    if self.optimizer != 'original':
      parts.append(self.optimizer)
    return '-'.join([*parts, f'seed{self.seed}'])


PRESETS: dict[str, dict[str, Any]] = {
  # Less than a minute, without a download: the networks at 8x8 pixels.
  'digits': {
    'dataset': 'digits',
    'control_variate': True,
    'leapfrog_steps': 2,
    'units': 16,
    'hidden_units': 64,
    'step_size': 0.05,
    'initializer': 'fan_in',
    'optimizer': 'adam',
    'learning_rate': 3e-3,
    'steps': 2_000,
    'eval_every': 200,
    'eval_examples': 250,
    'patience': 10,
    'test_samples': 200,
  },
  # HVAE above the VAE after six epochs, in minutes on two cores. At the
  # original's rate both would still be learning what the mean image is.
  'quick': {
    'dataset': 'mnist',
    'control_variate': True,
    'step_size': 0.05,
    'initializer': 'glorot',
    'optimizer': 'adam',
    'learning_rate': 3e-3,
    'steps': 3_000,
    'eval_examples': 2_000,
    'test_samples': 200,
    'test_examples': 500,
  },
  # As published: 2,000 epochs of 500 steps at most.
  'mnist': {'dataset': 'mnist'},
}


def make(preset: str, flags: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, with the flags that were given.

  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  return run_settings.make(Settings, PRESETS, preset, flags)
