"""The settings of a run of Gaussian latent variables, and its presets."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
from typing import Any, ClassVar

from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.iwae import optimizer as iwae_optimizer

OPTIMIZERS = ('burda', 'adam')


@dataclasses.dataclass(frozen=True)
class IwaeSettings(settings_lib.RunSettings):
  """The configuration of the original IWAE code, one field for each flag.

  None stands for what the user leaves open: the estimator's own default, the
  split of the data set, all of its test images.
  """

  estimator: str = settings_lib.setting(
    'iwae',
    'elbo (the VAE), iwae, stl, dreg, rws_dreg, rws, aisle, or another name of '
    'tf_mco.estimator_names().',
  )
  num_samples: int | None = settings_lib.setting(
    None, 'K, the samples of a training step.'
  )
  options: str | None = settings_lib.setting(
    None,
    "Other options of the estimator: 'name=value,name=value', say "
    'divergence=chi2,reparameterized=False for aisle.',
  )
  num_layers: int = settings_lib.setting(
    1, 'Stochastic layers.', at_least=1, at_most=setting_rules.MAX_LAYERS
  )
  units: int = settings_lib.setting(
    50,
    'Latent variables of the last stochastic layer; each layer has half as '
    'many as the one below.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  hidden_units: int = settings_lib.setting(
    200,
    'Units of each of the two hidden layers next to the data; half as many '
    'with each stochastic layer above.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  optimizer: str = settings_lib.setting(
    'burda',
    "burda: the original code's variant of Adam; adam: Keras's.",
    choices=OPTIMIZERS,
  )
  learning_rate: float = settings_lib.setting(
    1e-3,
    'Rate of the first of eight stages; that of the last stage is a tenth.',
    rate=True,
  )
  stage_steps: int = settings_lib.setting(
    2_500, 'Steps of the first stage. An epoch in the paper.', at_least=1
  )
  stage_growth: float = settings_lib.setting(
    3.0, 'The steps of a stage over those of the one before.', rate=True
  )
  init_from: str | None = settings_lib.setting(
    None,
    'Directory of a run: start from its last checkpoint, state of the '
    'optimizer included. With the stages, at the rate of its next step.',
  )
  batch_size: int = settings_lib.setting(20)
  steps: int = settings_lib.setting(8_200_000)
  eval_every: int = settings_lib.setting(2_500)
  eval_examples: int = settings_lib.setting(400)
  valid_examples: int | None = settings_lib.setting(
    None,
    'Images for validation, the others being trained on. Default: the data '
    "set's own split.",
    at_least=1,
  )
  test_samples: int = settings_lib.setting(
    5_000, 'Samples in the bound of the test images at the end.', at_least=1
  )
  test_examples: int | None = settings_lib.setting(
    None, 'How many test images, from the first. Default: all.', at_least=1
  )

  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  @property
  def estimator_arguments(self) -> dict[str, Any]:
    """The options of the estimator that were given."""
    return {**super().estimator_arguments, **_parsed(self.options or '')}

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, f'{self.num_layers}_layer', self.estimator]
    if self.num_samples is not None:
      parts.append(f'k{self.num_samples}')
    parts.extend(f'{k}_{v}' for k, v in _parsed(self.options or '').items())
    if self.optimizer != 'burda':
      parts.append(self.optimizer)
    if self.init_from is not None:
      parts.append(f'from-{pathlib.Path(self.init_from).name}')
    return '-'.join([*parts, f'seed{self.seed}'])


def _parsed(options: str) -> dict[str, Any]:
  """Returns 'name=value,name=value' as a dictionary."""
  arguments: dict[str, Any] = {}
  for part in filter(None, options.split(',')):
    name, _, value = part.partition('=')
    if not value:
      raise ValueError(
        f'--options must be name=value,name=value. Received: {options}'
      )
    try:
      arguments[name] = ast.literal_eval(value)
    except (ValueError, SyntaxError):
      arguments[name] = value  # It is a name, such as chi2.
  return arguments


def _published(
  dataset: str, epoch: int, valid_examples: int | None = None
) -> dict[str, dict[str, Any]]:
  """Returns the paper's models of a data set.

  As in the paper, phase i = 1..8 of the learning rate takes 3^(i-1) epochs.

  Args:
    dataset: the name of the data set.
    epoch: the steps of an epoch.
    valid_examples: the images for validation; None for the data set's split.
  """
  common = {
    'dataset': dataset,
    'stage_steps': epoch,
    'eval_every': epoch,
    'steps': iwae_optimizer.phase_ends(epoch, 3.0)[-1],
    'valid_examples': valid_examples,
  }
  return {
    f'{dataset}_1_layer': common,
    f'{dataset}_2_layers': {**common, 'num_layers': 2},
  }


# The paper trains on 59,600 images, hence 2,980 steps in an epoch.
_MNIST = _published('mnist', 2_980, 400)
PRESETS: settings_lib.Presets = {
  # This model can be looked at after less than a minute, without a download.
  'digits': {
    'dataset': 'digits',
    'units': 16,
    'hidden_units': 64,
    'stage_steps': 1_000,
    'stage_growth': 1.0,
    'steps': 8_000,
    'eval_every': 1_000,
    'eval_examples': 250,
  },
  # This preset shows the paper's order of VAE and IWAE in some minutes on two
  # cores. The original variant of Adam would still be warming up by then.
  'quick': {
    'dataset': 'mnist',
    'optimizer': 'adam',
    'learning_rate': 2e-3,
    'stage_steps': 6_000,
    'stage_growth': 1.0,
    'steps': 48_000,
    'eval_every': 2_000,
    'test_examples': 500,
  },
  **_MNIST,
  # It goes on from a finished VAE to IWAE, or back, with --init_from: 3^7 more
  # epochs.
  'mnist_switch': {**_MNIST['mnist_1_layer'], 'steps': 3**7 * 2_980},
  **_published('binarized_mnist', 2_500),
  **_published('omniglot_burda', 1_150),
}
