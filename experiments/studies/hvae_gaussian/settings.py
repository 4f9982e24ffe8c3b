"""The settings of the Gaussian study of the HVAE, and its presets."""

from __future__ import annotations

import dataclasses
import math

from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.framework import study_checks
from experiments.studies.hvae_gaussian import methods as methods_lib
from experiments.studies.hvae_gaussian import point_sets
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering

# A directory that is used again may have more or fewer of these.
LISTS = ('dims', 'methods')


@dataclasses.dataclass(frozen=True)
class HvaeGaussianSettings(settings_lib.Settings):
  """The settings of the study, one field for each flag.

  The study runs every method at every dimension.

  Raises:
    ValueError: for an unknown name, or a number out of range.
  """

  dims: tuple[int, ...] = settings_lib.setting(
    (1, 2, 3, 5, 11, 25, 51, 101, 201, 301), 'Dimensions D.'
  )
  methods: tuple[str, ...] = settings_lib.setting(
    tuple(methods_lib.METHODS), f'Some of {list(methods_lib.METHODS)}.'
  )
  repeats: int = settings_lib.setting(10, 'Data sets, trained at once.')
  num_points: int = settings_lib.setting(10_000, 'Points of a data set, N.')
  iterations: int = settings_lib.setting(30_000, 'Steps of RMSProp.')
  samples: int = settings_lib.setting(10, 'Samples of the ELBO in a step.')
  learning_rate: float = settings_lib.setting(1e-3, 'Learning rate of RMSProp.')
  schedule: str = settings_lib.setting(
    'inverse_sqrt_beta', 'Schedule of tempering: inverse_sqrt_beta or variance.'
  )
  nf_missing_half: bool = settings_lib.setting(
    False,
    "Whether the planar flow's likelihood lacks the 1/2 of its squares, as the "
    "original's does: its sigma is then off by sqrt(2).",
  )
  nf_shared: bool = settings_lib.setting(
    False, 'Whether all planar layers are one, as the original.'
  )
  seed: int = settings_lib.setting(
    0,
    'Seed of data, starts and noise.',
    at_least=0,
    at_most=setting_rules.MAX_SEED,
  )

  def __post_init__(self) -> None:
    super().__post_init__()
    study_checks.names('methods', self.methods, methods_lib.METHODS)
    schedules = hamiltonian_tempering.SCHEDULES
    study_checks.names('schedule', [self.schedule], schedules)
    for name in LISTS:
      study_checks.distinct(name, getattr(self, name))
    minima = {'num_points': 2, 'iterations': 1, 'repeats': 1, 'samples': 1}
    for name, minimum in minima.items():
      study_checks.at_least(name, getattr(self, name), minimum)
    for value in self.dims:
      study_checks.at_least('dims', value, 1)
    if not 0 < self.learning_rate < math.inf:
      raise ValueError(
        'Expected a positive learning_rate. Received: '
        f'learning_rate={self.learning_rate}'
      )

  @property
  def options(self) -> point_sets.MethodOptions:
    """The options that all methods share."""
    return point_sets.MethodOptions(
      samples=self.samples,
      nf_missing_half=self.nf_missing_half,
      nf_shared=self.nf_shared,
      schedule=self.schedule,
    )


PRESETS: settings_lib.Presets = {
  'small': {'dims': (1, 3, 11, 25, 51)},
  'paper': {},
}
