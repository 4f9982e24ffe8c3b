"""The settings of a run of the Hamiltonian VAE, and its presets."""

from __future__ import annotations

import dataclasses

from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.hvae import networks as hvae_networks
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering

OPTIMIZERS = ('original', 'adamax', 'adam')


@dataclasses.dataclass(frozen=True)
class HvaeSettings(settings_lib.RunSettings):
  """The configuration of the original code, one field for each flag.

  XLA is off, because its convolutions on a CPU take three times as long.
  """

  dataset: str = settings_lib.setting('mnist')
  estimator: str = settings_lib.setting(
    'elbo', 'elbo: no other has a published configuration.', choices=('elbo',)
  )
  leapfrog_steps: int = settings_lib.setting(
    5,
    'K; 0 is the plain VAE, its divergence in closed form.',
    at_least=0,
  )
  tempering: str = settings_lib.setting(
    'fixed', 'none, fixed or free.', choices=hamiltonian_tempering.TEMPERINGS
  )
  schedule: str = settings_lib.setting(
    'variance',
    "What is quadratic in 'fixed': variance (the original's) or "
    'inverse_sqrt_beta (the paper).',
    choices=hamiltonian_tempering.SCHEDULES,
  )
  step_size: float = settings_lib.setting(
    0.2, 'Where the step size of every dimension starts.'
  )
  max_step_size: float = settings_lib.setting(0.5, 'The bound of step sizes.')
  step_size_per_step: bool = settings_lib.setting(
    False, 'Whether each leapfrog step has step sizes of its own.'
  )
  initial_temperature: float = settings_lib.setting(
    1.5, "Where the temperature of 'fixed' starts."
  )
  alpha: float = settings_lib.setting(0.9, "Where the factors of 'free' start.")
  recompute: bool = settings_lib.setting(
    False,
    'Whether to need less memory and more time, see posteriors.Hamiltonian.',
  )
  control_variate: bool = settings_lib.setting(
    False,
    'Whether the divergence between base and prior is a control variate, for '
    'a gradient of less variance; the original integrates it out.',
  )
  units: int = settings_lib.setting(
    64, 'Latent variables.', at_least=1, at_most=setting_rules.MAX_UNITS
  )
  hidden_units: int = settings_lib.setting(
    450,
    'Units of the dense layer between latent variables and feature maps, in '
    'encoder and decoder.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  initializer: str = settings_lib.setting(
    'original',
    'Initializer of the weights. original: N(0, 1 / (inputs + outputs)), of '
    'whole feature maps; glorot; or fan_in: of variance 4 / fan_in, with which '
    'a small signal goes through softplus units as it is.',
    choices=hvae_networks.INITIALIZERS,
  )
  optimizer: str = settings_lib.setting(
    'original',
    "original: Adamax without bias correction; adamax or adam: Keras's.",
    choices=OPTIMIZERS,
  )
  learning_rate: float = settings_lib.setting(
    5e-4, 'Learning rate of the optimizer.', rate=True
  )
  batch_size: int = settings_lib.setting(100)
  steps: int = settings_lib.setting(1_000_000)
  eval_every: int = settings_lib.setting(500)
  eval_samples: int = settings_lib.setting(
    1, 'Samples averaged in the ELBO of the validation images.'
  )
  eval_examples: int = settings_lib.setting(10_000)
  patience: int = settings_lib.setting(
    100, 'Evaluations without a better one before training stops.', at_least=1
  )
  test_samples: int = settings_lib.setting(
    1_000, 'Samples in the log-likelihood of the test images.', at_least=1
  )
  test_examples: int | None = settings_lib.setting(
    None, 'How many test images, from the first. Default: all.', at_least=1
  )
  test_repeats: int = settings_lib.setting(
    3, 'Binarizations of the test images that the figures average.', at_least=1
  )
  jit_compile: bool = settings_lib.setting(
    False,
    'Whether XLA compiles the step: on a CPU its convolutions take three times '
    'as long.',
  )

  def __post_init__(self) -> None:
    super().__post_init__()
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
    """The kind of model, in a word or two."""
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


PRESETS: settings_lib.Presets = {
  # This run takes less than a minute and needs no download: its images have 8x8
  # pixels.
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
  # The HVAE is above the VAE after six epochs, in minutes on two cores. At the
  # original's learning rate both would still be learning the mean image.
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
  # This is the published configuration: at most 2,000 epochs of 500 steps.
  'mnist': {'dataset': 'mnist'},
}
