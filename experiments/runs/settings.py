"""What the runs of all experiments have in common: settings and presets."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any, ClassVar, TypeVar

from experiments.data import datasets
import tf_mco

_S = TypeVar('_S', bound='RunSettings')
_MAX_STEPS_PER_EXECUTION = 100


@dataclasses.dataclass(frozen=True)
class RunSettings:
  """The settings that the driver reads; an experiment adds its own.

  One field for each flag. Options of the estimator are None where its own
  default holds.
  """

  dataset: str = 'digits'
  estimator: str = ''
  batch_size: int = 50
  steps: int = 1000
  eval_every: int = 1000
  eval_samples: int = 100
  eval_examples: int = 1000
  track_variance: bool = False
  jit_compile: bool = True
  seed: int = 0

  # Names of fields: with the values that they can have, of numbers from 1, of
  # numbers from 0, and of those that the estimator takes.
  choices: ClassVar[Mapping[str, tuple[str, ...]]] = {'dataset': datasets.NAMES}
  positive: ClassVar[tuple[str, ...]] = (
    'batch_size',
    'steps',
    'eval_every',
    'eval_samples',
    'eval_examples',
  )
  rates: ClassVar[tuple[str, ...]] = ()
  estimator_options: ClassVar[tuple[str, ...]] = ()

  def __post_init__(self) -> None:
    for name, known in self.choices.items():
      if getattr(self, name) not in known:
        raise ValueError(
          f'Unknown --{name}. Expected one of {", ".join(known)}. Received: '
          f'{getattr(self, name)}'
        )
    for name in self.positive:
      value = getattr(self, name)
      if value is not None and value < 1:
        raise ValueError(f'--{name} must be at least 1. Received: {value}')
    for name in self.rates:
      value = getattr(self, name)
      if value is not None and not 0 <= value < float('inf'):
        raise ValueError(
          f'--{name} must be a finite rate >= 0. Received: {value}'
        )
    if self.steps % self.eval_every:
      raise ValueError(
        '--steps must be a multiple of --eval_every. Received: '
        f'steps={self.steps}, eval_every={self.eval_every}'
      )
    self.make_estimator()

  @property
  def estimator_arguments(self) -> dict[str, Any]:
    """The options of the estimator that were given."""
    options = {name: getattr(self, name) for name in self.estimator_options}
    return {name: value for name, value in options.items() if value is not None}

  def make_estimator(self) -> Any:
    """Returns the estimator; ValueError for an option that it lacks."""
    return tf_mco.get_estimator(self.estimator, **self.estimator_arguments)

  @property
  def label(self) -> str:
    """A name for the directory of the run."""
    raise NotImplementedError

  @property
  def steps_per_execution(self) -> int:
    """The largest divisor of `eval_every` that is at most 100."""
    candidates = range(1, _MAX_STEPS_PER_EXECUTION + 1)
    return max(n for n in candidates if self.eval_every % n == 0)


def make(
  settings: type[_S],
  presets: Mapping[str, Mapping[str, Any]],
  preset: str,
  flags: Mapping[str, Any],
) -> _S:
  """Returns the settings of a preset, with the flags that were given.

  Args:
    settings: the class of the experiment's settings.
    presets: the experiment's.
    preset: one of them.
    flags: they win over the preset. Fewer `steps` than lie between two
      evaluations shorten the interval.
  Raises:
    ValueError: for an unknown preset, or a value out of its range.
  """
  if preset not in presets:
    raise ValueError(
      f'Unknown --preset. Expected one of {", ".join(presets)}. Received: '
      f'{preset}'
    )
  options = {**presets[preset], **flags}
  if 'eval_every' not in flags and 'steps' in flags:
    default = options.get('eval_every', settings.eval_every)
    options['eval_every'] = min(default, flags['steps'])
  return settings(**options)
