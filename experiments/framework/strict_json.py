"""JSON that every reader accepts, in files that are complete or absent.

JSON has no number for nan and the infinities. Python writes them all the same,
and other readers then refuse the file. The files of this module have the
strings 'nan', 'inf' and '-inf' in their place.
"""

from collections.abc import Iterable, Mapping
import json
import math
import os
import pathlib
from typing import Any

import numpy as np

from experiments.data import atomic_file

_NON_FINITE = {'nan': math.nan, 'inf': math.inf, '-inf': -math.inf}


def plain(value: Any) -> Any:
  """Returns a value as strict JSON has it.

  Args:
    value: mappings, sequences, strings, numbers and None, or scalars and
      arrays of NumPy and TensorFlow.
  Raises:
    ValueError: for a value of another type.
  """
  if isinstance(value, Mapping):
    return {str(key): plain(item) for key, item in value.items()}
  if isinstance(value, list | tuple):
    return [plain(item) for item in value]
  if isinstance(value, float) and not math.isfinite(value):
    return str(float(value))
  if value is None or isinstance(value, bool | int | float | str):
    return value
  if isinstance(value, os.PathLike):
    return os.fspath(value)
  if isinstance(value, np.ndarray | np.generic):
    return plain(value.tolist())
  if hasattr(value, 'numpy'):  # A tensor, or a variable.
    return plain(value.numpy())
  raise ValueError(
    'Expected what JSON can hold. Received: a value of type'
    f' {type(value).__name__}: {value!r}'
  )


def with_numbers(line: Mapping[str, Any]) -> dict[str, Any]:
  """Returns a line with its non-finite numbers as floats again."""
  return {
    name: _NON_FINITE.get(value, value) if isinstance(value, str) else value
    for name, value in line.items()
  }


def line(value: Any) -> str:
  """Returns one line of JSON, with its end."""
  return json.dumps(plain(value), allow_nan=False) + '\n'


def write(path: pathlib.Path, value: Any) -> None:
  """Writes a file of indented JSON."""
  _write(path, json.dumps(plain(value), allow_nan=False, indent=2) + '\n')


def write_lines(path: pathlib.Path, values: Iterable[Any]) -> None:
  """Writes a file of one JSON value per line."""
  _write(path, ''.join(map(line, values)))


def read_object(path: pathlib.Path) -> dict[str, Any]:
  """Returns the object in a file; ValueError if the file holds no object."""
  return _parse(path.read_text(encoding='utf-8'), str(path))


def read_lines(path: pathlib.Path) -> list[dict[str, Any]]:
  """Returns the objects of a file, without a last line that has no end."""
  *lines, _ = path.read_text(encoding='utf-8', errors='replace').split('\n')
  return [
    _parse(text, f'{path}, line {number}')
    for number, text in enumerate(lines, start=1)
  ]


def drop_half_line(path: pathlib.Path) -> None:
  """Cuts off a last line without an end, whose writer was killed."""
  if not path.exists():
    return
  content = path.read_bytes()
  complete = content.rfind(b'\n') + 1
  if complete < len(content):
    os.truncate(path, complete)


def _parse(text: str, where: str) -> dict[str, Any]:
  try:
    value = json.loads(text)
  except json.JSONDecodeError as error:
    raise ValueError(
      f'Expected a JSON object in {where}. Received: {text[:80]!r} ({error})'
    ) from error
  if not isinstance(value, dict):
    raise ValueError(
      f'Expected a JSON object in {where}. Received: {text[:80]!r}'
    )
  return value


def _write(path: pathlib.Path, text: str) -> None:
  with atomic_file.replacing(path) as file:
    file.write(text.encode('utf-8'))
