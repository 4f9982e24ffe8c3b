"""What the values of a setting may be, and the errors for those that may not.

The type of a setting is that of its field, and a `Rule` says the rest.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# The largest seed of NumPy's RandomState.
MAX_SEED = 2**32 - 1
# The largest number of units in a layer. A larger number is a mistake, whose
# parameters would fill the memory before anybody is told.
MAX_UNITS = 100_000
MAX_LAYERS = 100
_MAX_INT = 2**31 - 1
_WORDS = {
  'int': 'a whole number',
  'float': 'a finite number',
  'bool': 'True or False',
  'str': 'a string',
}


class Rule(NamedTuple):
  """The help text and the allowed values of a field; see `settings.setting`."""

  help: str
  choices: tuple[str, ...] | None = None
  at_least: int | None = None
  at_most: int | None = None
  rate: bool = False

  def checked(self, name: str, value: Any, type_name: str) -> Any:
    """Returns the value of a setting, in Python's own types.

    Args:
      name: of the setting.
      value: of the setting.
      type_name: the annotation of the field, such as 'int | None'.
    Raises:
      ValueError: if the field does not allow the value.
    """
    kind = type_name.removesuffix(' | None')
    if value is None and kind != type_name:
      return None  # None stands for a default that is not ours.
    if kind.startswith('tuple['):
      element = kind.removeprefix('tuple[').removesuffix(', ...]')
      if not isinstance(value, (tuple, list)):
        raise ValueError(
          f'--{name} must be a list, each element {_WORDS[element]}. Received: '
          f'{value!r}'
        )
      return tuple(self._of_kind(name, one, element) for one in value)
    return self._in_range(name, self._of_kind(name, value, kind))

  def _of_kind(self, name: str, value: Any, kind: str) -> Any:
    """Returns a value in Python's own type; ValueError for another type."""
    if isinstance(value, np.generic):
      value = value.item()
    good = {
      'bool': isinstance(value, bool),
      'str': isinstance(value, str),
      'int': isinstance(value, int) and not isinstance(value, bool),
      'float': isinstance(value, (int, float)) and not isinstance(value, bool),
    }[kind]
    if not good or (kind == 'float' and not math.isfinite(value)):
      what = 'a finite rate >= 0' if self.rate else _WORDS[kind]
      raise ValueError(f'--{name} must be {what}. Received: {value!r}')
    return value

  def _in_range(self, name: str, value: Any) -> Any:
    """Returns a value; ValueError if it is not among those allowed."""
    if self.choices is not None and value not in self.choices:
      raise ValueError(
        f'Unknown --{name}. Expected one of {", ".join(self.choices)}. '
        f'Received: {value}'
      )
    if self.at_least is not None and value < self.at_least:
      raise ValueError(
        f'--{name} must be at least {self.at_least}. Received: {value}'
      )
    most = self.at_most
    if most is None and isinstance(value, int):
      most = _MAX_INT
    if most is not None and value > most:
      raise ValueError(f'--{name} must be at most {most}. Received: {value}')
    if self.rate and value < 0:
      raise ValueError(
        f'--{name} must be a finite rate >= 0. Received: {value}'
      )
    return value
