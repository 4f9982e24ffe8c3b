"""Settings whose fields say what they mean and which values they allow.

The settings of a program are a frozen dataclass, and each of its fields is a
flag. `setting` makes such a field. The help text of the flag and the values
that the field allows stand in the field's metadata, so that one line says all
there is to say about a setting:

  units: int = setting(200, 'Latent variables in a layer.', at_least=1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import dataclasses
from typing import Any, ClassVar, TypeVar

from experiments.data import datasets
from experiments.framework import setting_rules
import tf_mco

# Values of settings, by the name of the field.
Values = Mapping[str, Any]
# The values that a preset sets, by the name of the preset.
Presets = Mapping[str, Values]
_T = TypeVar('_T')
_SettingsT = TypeVar('_SettingsT', bound='Settings')
_MAX_STEPS_PER_EXECUTION = 100


def setting(
  default: _T,
  help_text: str | None = None,
  *,
  choices: Iterable[str] | None = None,
  at_least: int | None = None,
  at_most: int | None = None,
  rate: bool = False,
) -> _T:
  """Returns a field of a settings class.

  A class that gives a field of its base class another default need not repeat
  the rest: the help text and the allowed values of the base class hold where
  the new field does not replace them.

  Args:
    default: the value of the field if neither a preset nor a flag sets it.
    help_text: what `--help` says of the flag.
    choices: the values that the field may have.
    at_least: the smallest number that the field may have.
    at_most: the largest number that the field may have.
    rate: whether the field must be a finite number of at least 0.
  """
  metadata = {
    'help': help_text,
    'choices': None if choices is None else tuple(choices),
    'at_least': at_least,
    'at_most': at_most,
    'rate': rate or None,
  }
  return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Settings:
  """The settings of a program: one field, made by `setting`, for each flag.

  A number of NumPy becomes one of Python, and a list becomes a tuple.

  Raises:
    ValueError: if a value is not of the type of its field, or not among those
      that the field allows.
  """

  def __post_init__(self) -> None:
    for field in dataclasses.fields(self):
      rule = self.rule(field.name)
      value = rule.checked(
        field.name, getattr(self, field.name), str(field.type)
      )
      object.__setattr__(self, field.name, value)

  @classmethod
  def rule(cls, name: str) -> setting_rules.Rule:
    """Returns the metadata of a field, merged with those of base classes.

    Raises:
      ValueError: if the field has no help text.
    """
    merged: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
      fields = vars(owner).get('__dataclass_fields__', {})
      if name in fields:
        said = fields[name].metadata
        merged |= {k: value for k, value in said.items() if value is not None}
    if not merged.get('help'):
      raise ValueError(f'{cls.__name__}.{name} needs a help text: `setting`.')
    return setting_rules.Rule(**merged)

  @classmethod
  def of_preset(
    cls: type[_SettingsT],
    presets: Presets,
    preset: str,
    flags: Values,
  ) -> _SettingsT:
    """Returns the settings of a preset, with the flags that the user gave.

    Args:
      presets: the values that each preset sets, by the name of the preset.
      preset: a key of `presets`.
      flags: the values that the user gave. They win over those of the preset.
    Raises:
      ValueError: if the preset is unknown or a value is out of its range.
    """
    if preset not in presets:
      raise ValueError(
        f'Unknown --preset. Expected one of {", ".join(presets)}. Received: '
        f'{preset}'
      )
    return cls(**cls._completed({**presets[preset], **flags}, flags))

  @classmethod
  def _completed(cls, values: dict[str, Any], flags: Values) -> dict[str, Any]:
    """Returns values with those that follow from the flags."""
    del flags
    return values


@dataclasses.dataclass(frozen=True)
class RunSettings(Settings):
  """The settings that every run reads; an experiment adds its own fields.

  An option of the estimator is None if the estimator's own default holds.
  """

  dataset: str = setting(
    'digits',
    'Data set: digits (bundled), mnist, fashion_mnist, omniglot, '
    'binarized_mnist, omniglot_burda.',
    choices=datasets.NAMES,
  )
  estimator: str = setting(
    '', 'Gradient estimator, a name of tf_mco.estimator_names().'
  )
  batch_size: int = setting(
    50, 'Images in a step.', at_least=1, at_most=setting_rules.MAX_UNITS
  )
  steps: int = setting(
    1000, 'Training steps; a multiple of --eval_every.', at_least=1
  )
  eval_every: int = setting(
    1000, 'Steps between evaluations and checkpoints.', at_least=1
  )
  eval_samples: int = setting(
    100, 'Samples in the bound of validation and test data.', at_least=1
  )
  eval_examples: int = setting(
    1000, 'Validation images evaluated during training.', at_least=1
  )
  track_variance: bool = setting(
    False,
    "Whether to log the original's running estimate of the encoder's gradient "
    'variance (EMA 0.999); costs some speed.',
  )
  jit_compile: bool = setting(True, 'Whether XLA compiles the step.')
  seed: int = setting(
    0,
    'Seed of the first weights, the order of the data and all noise.',
    at_least=0,
    at_most=setting_rules.MAX_SEED,
  )

  # The names of the fields that the estimator takes as its arguments.
  estimator_options: ClassVar[tuple[str, ...]] = ()

  def __post_init__(self) -> None:
    super().__post_init__()
    if self.steps % self.eval_every:
      raise ValueError(
        '--steps must be a multiple of --eval_every. Received: '
        f'steps={self.steps}, eval_every={self.eval_every}'
      )
    self.make_estimator()  # Raises now what it would raise after the start.

  @property
  def estimator_arguments(self) -> dict[str, Any]:
    """The options of the estimator that were given."""
    options = {name: getattr(self, name) for name in self.estimator_options}
    return {name: value for name, value in options.items() if value is not None}

  def make_estimator(self) -> tf_mco.Estimator:
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

  @classmethod
  def _completed(cls, values: dict[str, Any], flags: Values) -> dict[str, Any]:
    """Shortens the interval of evaluation if fewer `steps` were asked for."""
    if 'eval_every' not in flags and 'steps' in flags:
      interval = values.get('eval_every', cls.eval_every)
      values['eval_every'] = min(interval, flags['steps'])
    return values
