"""The settings of a run of binary latent variables, and its presets."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from experiments.binary import networks
from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib


@dataclasses.dataclass(frozen=True)
class BinarySettings(settings_lib.RunSettings):
  """The configuration of the original DisARM code, one field for each flag.

  An option of the estimator is None if the estimator's own default holds.
  """

  estimator: str = settings_lib.setting('disarm')
  num_samples: int | None = settings_lib.setting(
    None, 'Samples K of reinforce, reinforce_loo, vimco.'
  )
  num_pairs: int | None = settings_lib.setting(
    None, 'Antithetic pairs of arm, disarm, local_disarm.'
  )
  baseline: str | None = settings_lib.setting(
    None, 'Baseline of vimco: geometric or arithmetic.'
  )
  symmetrized: bool | None = settings_lib.setting(
    None, "Whether local_disarm averages both halves' estimates."
  )
  shared_randomness: bool | None = settings_lib.setting(
    None,
    'Whether the two paths of a pair share their uniforms in the layers above.',
  )
  architecture: str = settings_lib.setting(
    'linear',
    'linear or nonlinear (two hidden layers, LeakyReLU 0.3).',
    choices=networks.ARCHITECTURES,
  )
  num_layers: int = settings_lib.setting(
    1, 'Stochastic layers.', at_least=1, at_most=setting_rules.MAX_LAYERS
  )
  units: int = settings_lib.setting(
    200,
    'Binary latent variables in a layer.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  hidden_units: int = settings_lib.setting(
    200, 'Units of a hidden layer.', at_least=1, at_most=setting_rules.MAX_UNITS
  )
  demean_input: bool = settings_lib.setting(
    True, 'Whether networks see x - mean, and 2 b - 1.'
  )
  initialize_with_bias: bool = settings_lib.setting(
    True, "Whether the pixels' bias starts at logit(mean)."
  )
  encoder_learning_rate: float = settings_lib.setting(
    1e-4, 'Learning rate of Adam.', rate=True
  )
  decoder_learning_rate: float = settings_lib.setting(
    1e-4, 'Learning rate of Adam.', rate=True
  )
  prior_learning_rate: float = settings_lib.setting(
    1e-2, "Learning rate of SGD, for the prior's logits.", rate=True
  )
  steps: int = settings_lib.setting(1_000_000)

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


PRESETS: settings_lib.Presets = {
  # This model can be looked at after less than a minute, without a download.
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
