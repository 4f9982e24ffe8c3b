"""The directory of one run: its configuration, metrics and results."""

from collections.abc import Mapping, Sequence
import os
import pathlib
import shutil
from typing import Any

import tensorflow as tf

from experiments.data import atomic_file
from experiments.framework import strict_json

_CONFIG = 'config.json'
_METRICS = 'metrics.jsonl'
_RESULTS = 'results.json'
_FORMER_RESULTS = 'results.former.json'
_TENSORBOARD = 'tensorboard'
_ABSENT = '(absent)'


class RunDirectory:
  """The files of a run, from which a killed run can go on.

  The directory holds `config.json`, `metrics.jsonl` with one object per line,
  `tensorboard/` with the same scalars, and `results.json`, which marks a
  finished run. The JSON is strict: numbers that are not finite are strings, see
  `strict_json`.

  A run that was killed and taken up ends with the metrics of an uninterrupted
  one under two conditions. It must log a step *before* it saves the checkpoint
  of the step, and it must call `truncate` with the step of the checkpoint that
  it restored.

  Attributes:
    path: the directory.
    resuming: whether the directory held a run of this configuration.
  """

  def __init__(self, path: pathlib.Path, *, resuming: bool):
    self.path = path
    self.resuming = resuming
    self._writer: tf.summary.SummaryWriter | None = None

  @classmethod
  def open(
    cls,
    path: str | os.PathLike,
    config: Mapping[str, Any],
    *,
    may_change: Sequence[str] = ('steps',),
  ) -> 'RunDirectory':
    """Creates a directory, or takes up the run that is in it.

    Args:
      path: the directory; its parents are created.
      config: values that JSON can hold, by the names of flags.
      may_change: names whose values may differ from those of the run in the
        directory. A number among them may grow but not shrink, because steps
        that were trained cannot be taken back. The new values replace the old
        ones. `results.json` becomes `results.former.json`, because the run is
        not finished any more.
    Raises:
      ValueError: if the directory holds a run of another configuration, or
        anything but a run.
    """
    path = pathlib.Path(path).expanduser()
    config = strict_json.plain(config)
    former = _former_config(path)
    if former is None:
      path.mkdir(parents=True, exist_ok=True)
      strict_json.write(path / _CONFIG, config)
      return cls(path, resuming=False)
    if former != config:
      _check_change(path, former, config, may_change)
      if (path / _RESULTS).exists():
        os.replace(path / _RESULTS, path / _FORMER_RESULTS)
      strict_json.write(path / _CONFIG, config)
    strict_json.drop_half_line(path / _METRICS)
    return cls(path, resuming=True)

  @property
  def finished(self) -> bool:
    """True if the run has written its results."""
    return (self.path / _RESULTS).exists()

  def log(self, step: int, **scalars: float) -> None:
    """Appends a line of metrics, and writes them for TensorBoard.

    Args:
      step: the number of training steps done.
      **scalars: Python numbers, or NumPy or TensorFlow scalars.
    """
    line = strict_json.plain({'step': step, **scalars})
    numbers = strict_json.with_numbers(line)
    for name, value in numbers.items():
      if not isinstance(value, int | float):
        raise ValueError(
          f'Expected a number. Received: {name}={value!r} at step {step}'
        )
    with (self.path / _METRICS).open('a', encoding='utf-8') as file:
      file.write(strict_json.line(line))
    self._summarize(numbers)

  def truncate(self, step: int) -> None:
    """Removes the metrics of steps after the last checkpoint."""
    lines = [line for line in read_metrics(self.path) if line['step'] <= step]
    strict_json.write_lines(self.path / _METRICS, lines)
    # TensorBoard draws all files that it finds, so they are written again.
    self.close()
    shutil.rmtree(self.path / _TENSORBOARD, ignore_errors=True)
    for line in lines:
      self._summarize(line)

  def write_json(self, name: str, obj: Any) -> None:
    """Writes a file of this directory, complete or not at all."""
    strict_json.write(self.path / name, strict_json.plain(obj))

  def close(self) -> None:
    """Closes the files of TensorBoard; `log` opens them again."""
    if self._writer is not None:
      self._writer.close()
      self._writer = None

  def _summarize(self, line: Mapping[str, Any]) -> None:
    if self._writer is None:
      self._writer = tf.summary.create_file_writer(
        str(self.path / _TENSORBOARD)
      )
    with self._writer.as_default(step=line['step']):
      for name, value in line.items():
        if name != 'step':
          tf.summary.scalar(name, value)
    self._writer.flush()


def read_metrics(path: str | os.PathLike) -> list[dict[str, Any]]:
  """Returns the lines of metrics of a run, oldest first.

  Args:
    path: the directory of a run, or its `metrics.jsonl`.
  Returns:
    For each line, numbers by name, 'step' among them. Numbers that are not
    finite are floats again. The last line is left out if the run was killed
    while it wrote the line.
  Raises:
    FileNotFoundError: if there is no such directory or file.
    ValueError: if another line is not a JSON object.
  """
  path = pathlib.Path(path).expanduser()
  if path.is_dir():
    path = path / _METRICS
    if not path.exists():
      return []
  return [
    strict_json.with_numbers(line) for line in strict_json.read_lines(path)
  ]


def _former_config(path: pathlib.Path) -> dict[str, Any] | None:
  """Returns the configuration in a directory; None if it is new or empty."""
  if (path / _CONFIG).exists():
    return strict_json.read_object(path / _CONFIG)
  if path.exists() and not path.is_dir():
    raise ValueError(f'Expected a directory. Received: the file {path}')
  if path.exists() and any(
    not atomic_file.is_leftover(entry) for entry in path.iterdir()
  ):
    raise ValueError(
      f'Expected a new directory, an empty one or that of a run. Received:'
      f' {path}, which holds files but no {_CONFIG}'
    )
  return None


def _check_change(
  path: pathlib.Path,
  former: Mapping[str, Any],
  config: Mapping[str, Any],
  may_change: Sequence[str],
) -> None:
  """Raises ValueError if the run cannot go on with another configuration."""
  differences = []
  for name in sorted(former.keys() | config.keys()):
    old, new = former.get(name, _ABSENT), config.get(name, _ABSENT)
    if old == new or (name in may_change and not _shrinks(old, new)):
      continue
    differences.append(f'{name}={new!r} (there: {old!r})')
  if differences:
    raise ValueError(
      f'{path} holds a run of another configuration. Expected its flags, or'
      f' another directory. Received: {", ".join(differences)}'
    )


def _shrinks(old: Any, new: Any) -> bool:
  numbers = isinstance(old, int | float) and isinstance(new, int | float)
  return numbers and new < old
