"""The settings of a run of a topic model, and its presets."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, NamedTuple

from experiments.data import corpora
from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
import tf_mco


class GradientMethod(NamedTuple):
  """A method that takes a gradient through samples of a Dirichlet."""

  estimator: str  # of the expected log-likelihood
  gradient: str = 'ratio'  # of `distributions.Dirichlet`


# A new method is a line here.
METHODS: dict[str, GradientMethod] = {
  'implicit': GradientMethod('elbo'),
  'implicit_cdf': GradientMethod('elbo', gradient='cdf'),
  'rsvi': GradientMethod('rsvi'),
  'grep': GradientMethod('grep'),
  'score': GradientMethod('reinforce'),
  'score_loo': GradientMethod('reinforce_loo'),
}


@dataclasses.dataclass(frozen=True)
class TopicModelSettings(settings_lib.RunSettings):
  """The published configuration, one field for each flag."""

  dataset: str = settings_lib.setting(
    'newsgroups',
    'bars (drawn from known topics), newsgroups ($NEWSGROUPS_DIR, or '
    '../shared/newsgroups), or file (--documents and --vocabulary).',
    choices=corpora.NAMES,
  )
  documents: str | None = settings_lib.setting(
    None,
    'npz file of sparse counts: one CSR matrix as scipy.sparse.save_npz writes '
    'it, or arrays train_data, train_indices, train_indptr, train_shape and '
    'test_ ones.',
  )
  vocabulary: str | None = settings_lib.setting(
    None, 'Text file, line n (from 0) being the word of column n.'
  )
  reparameterization: str = settings_lib.setting(
    'implicit',
    f'How the gradient gets through Dirichlet samples: {", ".join(METHODS)}.',
    choices=METHODS,
  )
  estimator: str = settings_lib.setting(
    '',
    'Gradient estimator of a mean in place of the '
    "reparameterization's, a name of tf_mco.estimator_names().",
  )
  num_samples: int | None = settings_lib.setting(
    None, 'Samples of a training step, averaged.'
  )
  topics: int = settings_lib.setting(
    50, 'Number of topics.', at_least=2, at_most=setting_rules.MAX_UNITS
  )
  hidden_units: int = settings_lib.setting(
    300,
    'Units of each hidden ReLU layer of the encoder.',
    at_least=1,
    at_most=setting_rules.MAX_UNITS,
  )
  hidden_layers: int = settings_lib.setting(
    3,
    'Hidden layers of the encoder.',
    at_least=1,
    at_most=setting_rules.MAX_LAYERS,
  )
  minimum_concentration: float = settings_lib.setting(
    1e-3, 'Concentrations are clipped to at least this.'
  )
  maximum_concentration: float = settings_lib.setting(
    1e3, 'Concentrations are clipped to at most this.'
  )
  prior_concentration: float = settings_lib.setting(
    0.7, 'Concentration of the Dirichlet prior at first.'
  )
  prior_burn_in: int = settings_lib.setting(
    120_000, 'Steps during which the prior stays as it is.', rate=True
  )
  learning_rate: float = settings_lib.setting(
    3e-4, 'Learning rate of Adam.', rate=True
  )
  batch_size: int = settings_lib.setting(32, 'Documents in a step.')
  steps: int = settings_lib.setting(180_000)
  eval_every: int = settings_lib.setting(5_000)
  eval_samples: int = settings_lib.setting(
    1, 'Samples in the ELBO of the perplexities.'
  )
  eval_examples: int = settings_lib.setting(
    1_000, 'Training and validation documents measured on the way.'
  )

  estimator_options: ClassVar[tuple[str, ...]] = ('num_samples',)

  def __post_init__(self) -> None:
    super().__post_init__()
    low, high = self.minimum_concentration, self.maximum_concentration
    if not 0 < low < self.prior_concentration < high < float('inf'):
      raise ValueError(
        'Expected 0 < --minimum_concentration < --prior_concentration < '
        f'--maximum_concentration. Received: {low}, '
        f'{self.prior_concentration}, {high}'
      )

  @property
  def method(self) -> GradientMethod:
    """The method that takes the gradient through the samples."""
    return METHODS[self.reparameterization]

  def make_estimator(self) -> tf_mco.Estimator:
    """Returns the estimator that the user gave, or else the method's own."""
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


PRESETS: settings_lib.Presets = {
  # Known topics are found again in about a minute, without a download.
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
  # This takes some minutes on two cores. At this learning rate the published
  # prior would leave all topics alike; a sparse prior tells them apart from the
  # first steps on.
  'newsgroups_short': {
    'prior_concentration': 0.05,
    'prior_burn_in': 8_000,
    'learning_rate': 1e-3,
    'steps': 40_000,
    'eval_every': 2_000,
  },
  # This is the published configuration, of a perplexity of about 875.
  'newsgroups': {},
}
