"""From the fields of settings to flags, and from flags to settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import dataclasses
import sys
from typing import Any, Protocol, cast

from absl import app
from absl import flags
from absl import logging
import tensorflow as tf

from experiments.framework import settings as settings_lib


class _WholeNumbers(flags.ArgumentParser):
  """Parses the flag of an integer, and says what a mistake should have been."""

  syntactic_help = 'a whole number'

  def parse(self, argument: int | str) -> int:
    """Returns the integer; ValueError for a text such as 1e9 or 2.0."""
    try:
      return int(argument)
    except ValueError as error:
      raise ValueError(
        f'Expected a whole number, all digits. Received: {argument}'
      ) from error

  def flag_type(self) -> str:
    """Returns the name of the type for `--help`."""
    return 'int'


def _define_integer(name: str, default: int | None, text: str) -> None:
  flags.DEFINE(
    _WholeNumbers(), name, default, text, serializer=flags.ArgumentSerializer()
  )


_DEFINE: Mapping[str, Callable[..., Any]] = {
  'bool': flags.DEFINE_boolean,
  'int': _define_integer,
  'float': flags.DEFINE_float,
  'str': flags.DEFINE_string,
  'tuple[int, ...]': flags.DEFINE_list,
  'tuple[str, ...]': flags.DEFINE_list,
}


class Program(Protocol):
  """A program that `main` runs: an experiment, a comparison or a study."""

  @property
  def name(self) -> str:
    """The name of the program's module."""

  def define_flags(self) -> None:
    """Defines the flags of the program."""

  def start(self) -> None:
    """Runs the program with the values of its flags."""


def main(program: Program) -> None:
  """Defines the flags of a program, and runs it. A module calls it last."""
  program.define_flags()
  app.run(lambda arguments: run(program, arguments))


def run(program: Program, arguments: list[str]) -> None:
  """Starts a program; a mistake of the user is one line, not a trace.

  Args:
    program: its flags have their values.
    arguments: the name of the program, and nothing behind it.
  """
  if len(arguments) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(arguments[1:])}')
  if not flags.FLAGS['verbosity'].present:
    logging.set_verbosity(logging.ERROR)  # TensorFlow's, on every checkpoint
  try:
    program.start()
  except (ValueError, OSError) as error:
    sys.exit(f'{program.name}: {error}')
  except (MemoryError, tf.errors.ResourceExhaustedError) as error:
    reason = str(error).split('\n', maxsplit=1)[0]
    sys.exit(
      f'{program.name}: The memory does not hold this model and its batches; '
      f'choose fewer units, samples or examples in a batch. ({reason})'
    )
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command goes on where it was.')


def define(
  settings: type[settings_lib.Settings], *, kind_of_default: str
) -> None:
  """Defines a flag for each field of a settings class.

  Args:
    settings: the class.
    kind_of_default: where `--help` shows the defaults. 'text': in the help
      text of the flag, whose value is None until the user gives one. 'value':
      the flag has the default as its value. 'none': nowhere, because presets
      decide them.
  """
  names = []
  for field in dataclasses.fields(settings):
    kind = str(field.type).removesuffix(' | None')
    text = settings.rule(field.name).help
    default = field.default if kind_of_default == 'value' else None
    if kind_of_default == 'text' and field.default is not None:
      text += f' Default: {field.default}.'
    _DEFINE[kind](field.name, cast(Any, default), text)
    names.append(field.name)
  show_in_help(names)


def define_strings(names: Mapping[str, tuple[str | None, str]]) -> None:
  """Defines flags that are strings, from their names to default and help."""
  for name, (default, text) in names.items():
    flags.DEFINE_string(name, cast(str, default), text)
  show_in_help(names)


def show_in_help(names: Iterable[str]) -> None:
  """Makes `--help` show flags, which it does for those that `main` defines."""
  for name in names:
    flags.FLAGS.register_key_flag_for_module(sys.argv[0], flags.FLAGS[name])


def flag_values(settings: type[settings_lib.Settings]) -> dict[str, Any]:
  """Returns the settings whose flags have a value.

  Raises:
    ValueError: if a flag that lists integers lists something else.
  """
  values: dict[str, Any] = {}
  for field in dataclasses.fields(settings):
    value = flags.FLAGS[field.name].value
    if str(field.type) == 'tuple[int, ...]' and value is not None:
      value = integers(field.name, value)
    elif isinstance(value, list):
      value = tuple(value)
    if value is not None:
      values[field.name] = value
  return values


def integers(name: str, values: Iterable[str]) -> tuple[int, ...]:
  """Returns the integers that a flag lists; ValueError if one is none."""
  values = list(values)
  try:
    return tuple(int(value) for value in values)
  except ValueError as error:
    raise ValueError(
      f'Expected integers. Received: --{name}={",".join(values)}'
    ) from error
