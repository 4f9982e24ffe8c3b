"""The settings of a run of non-Gaussian latent variables, and its presets."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.implicit_vae import latent_families


@dataclasses.dataclass(frozen=True)
class ImplicitVaeSettings(settings_lib.RunSettings):
  """The settings of `train_implicit_vae`, one field for each flag."""

  latent: str = settings_lib.setting(
    'von_mises',
    'Family of posterior and prior: normal, gamma, beta, von_mises.',
    choices=latent_families.FAMILIES,
  )
  estimator: str = settings_lib.setting(
    'elbo',
    'elbo, iwae, dreg, stl, or another of reparameterized samples.',
  )
  num_samples: int | None = settings_lib.setting(
    None, 'K, the samples of a training step.'
  )
  units: int = settings_lib.setting(
    8, 'Latent variables.', at_least=1, at_most=setting_rules.MAX_UNITS
  )
  hidden_units: int = settings_lib.setting(
    200,
    'Units of each of two hidden layers, of both networks.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  learning_rate: float = settings_lib.setting(
    1e-3, 'Learning rate of Adam.', rate=True
  )
  steps: int = settings_lib.setting(4000)
  test_samples: int = settings_lib.setting(
    1000, 'Samples in the bound of the test images at the end.', at_least=1
  )
  test_examples: int | None = settings_lib.setting(
    None, 'How many test images, from the first. Default: all.', at_least=1
  )

  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, f'{self.latent}_{self.units}', self.estimator]
    if self.num_samples is not None:
      parts.append(f'k{self.num_samples}')
    return '-'.join([*parts, f'seed{self.seed}'])


PRESETS: settings_lib.Presets = {
  # This run takes less than a minute and needs no download.
  'digits': {'dataset': 'digits', 'hidden_units': 64, 'batch_size': 100},
  'mnist': {
    'dataset': 'mnist',
    'batch_size': 100,
    'steps': 20_000,
    'eval_every': 2_000,
    'test_examples': 1_000,
  },
  # These have latent spaces that are a circle and a torus, to be looked at.
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
