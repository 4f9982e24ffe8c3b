"""What a run of latent Dirichlet allocation is: its settings, and presets."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, ClassVar, NamedTuple

from experiments.data import corpora
from experiments.runs import settings as run_settings
import tf_mco


class Method(NamedTuple):
  """How a gradient gets through samples of a Dirichlet."""

  estimator: str  # of the expected log-likelihood
  gradient: str = 'ratio'  # of `distributions.Dirichlet`


# A new one is a line here.
METHODS: dict[str, Method] = {
  'implicit': Method('elbo'),
  'implicit_cdf': Method('elbo', gradient='cdf'),
  'rsvi': Method('rsvi'),
  'grep': Method('grep'),
  'score': Method('reinforce'),
  'score_loo': Method('reinforce_loo'),
}


@dataclasses.dataclass(frozen=True)
class Settings(run_settings.RunSettings):
  """The published configuration, one field for each flag."""

  dataset: str = 'newsgroups'
  documents: str | None = None
  vocabulary: str | None = None
  reparameterization: str = 'implicit'
  estimator: str = ''
  num_samples: int | None = None
  topics: int = 50
  hidden_units: int = 300
  hidden_layers: int = 3
  minimum_concentration: float = 1e-3
  maximum_concentration: float = 1e3
  prior_concentration: float = 0.7
  prior_burn_in: int = 120_000
  learning_rate: float = 3e-4
  batch_size: int = 32
  steps: int = 180_000
  eval_every: int = 5_000
  eval_samples: int = 1
  eval_examples: int = 1_000

  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
    'dataset': corpora.NAMES,
    'reparameterization': tuple(METHODS),
  }
  positive: ClassVar[tuple[str, ...]] = (
    'hidden_units',
    'hidden_layers',
    *run_settings.RunSettings.positive,
  )
  rates: ClassVar[tuple[str, ...]] = ('learning_rate', 'prior_burn_in')
  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  def __post_init__(self) -> None:
    super().__post_init__()
    if self.topics < 2:
      raise ValueError(f'--topics must be at least 2. Received: {self.topics}')
    low, high = self.minimum_concentration, self.maximum_concentration
    if not 0 < low < self.prior_concentration < high < float('inf'):
      raise ValueError(
        'Expected 0 < --minimum_concentration < --prior_concentration < '
        f'--maximum_concentration. Received: {low}, '
        f'{self.prior_concentration}, {high}'
      )

  @property
  def method(self) -> Method:
    """How the gradient gets through the samples."""
    return METHODS[self.reparameterization]

  def make_estimator(self) -> Any:
    """Returns the method's estimator, or the one that was given for it."""
    return tf_mco.get_estimator(
      self.estimator or self.method.estimator, **self.estimator_arguments
    )

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    parts = [self.dataset, f'{self.topics}_topics', self.reparameterization]
    if self.estimator:
      parts.append(self.estimator)
    if self.num_samples is not None:
      parts.append(f'k{self.num_samples}')
    return '-'.join([*parts, f'seed{self.seed}'])


PRESETS: dict[str, dict[str, Any]] = {
  # Known topics found again in about a minute, without a download.
  'bars': {
    'dataset': 'bars',
    'topics': 20,
    'hidden_units': 100,
    'hidden_layers': 2,
    'prior_burn_in': 8_000,
    'learning_rate': 2e-3,
    'batch_size': 100,
    'steps': 10_000,
    'eval_every': 1_000,
    'eval_examples': 500,
  },
  # Some minutes on two cores. At this rate the published prior would leave all
  # topics alike; a sparse one tells them apart from the first steps on.
  'newsgroups_short': {
    'prior_concentration': 0.05,
    'prior_burn_in': 8_000,
    'learning_rate': 1e-3,
    'steps': 40_000,
    'eval_every': 2_000,
  },
  # As published: perplexity about 875.
  'newsgroups': {},
}


def make(preset: str, flags: Mapping[str, Any]) -> Settings:
  """Returns the settings of a preset, with the flags that were given.

  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  return run_settings.make(Settings, PRESETS, preset, flags)
