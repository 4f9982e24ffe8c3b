"""What a run of Gaussian latent variables is: its settings, and presets."""

from __future__ import annotations

import ast
from collections.abc import Mapping
import dataclasses
import pathlib
from typing import Any, ClassVar

from experiments.iwae import optimizer as iwae_optimizer
from experiments.runs import settings as run_settings
import tf_mco

OPTIMIZERS = ('burda', 'adam')


@dataclasses.dataclass(frozen=True)
class Settings(run_settings.RunSettings):
  """The original's configuration, one field for each flag.

  None stands for what is not set: the estimator's own default, the split of
  the data set, all of its test images.
  """

  estimator: str = 'iwae'
  num_samples: int | None = None
  options: str | None = None
  num_layers: int = 1
  units: int = 50
  hidden_units: int = 200
  optimizer: str = 'burda'
  learning_rate: float = 1e-3
  stage_steps: int = 2_500
  stage_growth: float = 3.0
  init_from: str | None = None
  batch_size: int = 20
  steps: int = 8_200_000
  eval_every: int = 2_500
  eval_examples: int = 400
  valid_examples: int | None = None
  test_samples: int = 5_000
  test_examples: int | None = None

  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
    **run_settings.RunSettings.choices,
    'optimizer': OPTIMIZERS,
  }
  positive: ClassVar[tuple[str, ...]] = (
    'num_layers',
    'units',
    'hidden_units',
    'stage_steps',
    'valid_examples',
    'test_samples',
    'test_examples',
    *run_settings.RunSettings.positive,
  )
  rates: ClassVar[tuple[str, ...]] = ('learning_rate', 'stage_growth')
  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  @property
  def estimator_arguments(self) -> dict[str, Any]:
    """The options of the estimator that were given."""
    return {**super().estimator_arguments, **_parsed(self.options or '')}

  def make_estimator(self) -> Any:
    """Returns the estimator; ValueError for an option that it lacks."""
    return tf_mco.get_estimator(self.estimator, **self.estimator_arguments)

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
  found: dict[str, Any] = {}
  for part in filter(None, options.split(',')):
    name, _, value = part.partition('=')
    if not value:
      raise ValueError(
        f'--options must be name=value,name=value. Received: {options}'
      )
    try:
      found[name] = ast.literal_eval(value)
    except (ValueError, SyntaxError):
      found[name] = value  # a name, such as chi2
  return found


def _published(
  dataset: str, epoch: int, valid_examples: int | None = None
) -> dict[str, dict[str, Any]]:
  """Returns the paper's models of a data set, whose epoch has that many steps.

  As in the paper, stage i = 1..8 takes 3^(i-1) epochs.
  """
  common = {
    'dataset': dataset,
    'stage_steps': epoch,
    'eval_every': epoch,
    'steps': iwae_optimizer.stage_ends(epoch, 3.0)[-1],
    'valid_examples': valid_examples,
  }
  return {
    f'{dataset}_1_layer': common,
    f'{dataset}_2_layers': {**common, 'num_layers': 2},
  }


# Published with 59,600 training images, hence 2,980 steps in an epoch.
_MNIST = _published('mnist', 2_980, 400)
PRESETS: dict[str, dict[str, Any]] = {
  # A model that can be looked at after less than a minute, without a download.
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
  # The paper's order of VAE and IWAE in some minutes on two cores. The original
  # variant of Adam would still be warming up.
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
  # From a finished VAE to IWAE and back: 3^7 epochs more, with --init_from.
  'mnist_switch': {**_MNIST['mnist_1_layer'], 'steps': 3**7 * 2_980},
  **_published('binarized_mnist', 2_500),
  **_published('omniglot_burda', 1_150),
}


def make(preset: str, flags: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, with the flags that were given.

  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  return run_settings.make(Settings, PRESETS, preset, flags)
