"""A study of tasks: which tasks are done, and which are done again."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any, NamedTuple

import pytest

from experiments.framework import settings as settings_lib
from experiments.framework import task_study


class _Task(NamedTuple):
  size: int
  name: str


@dataclasses.dataclass(frozen=True)
class _Settings(settings_lib.Settings):
  sizes: tuple[int, ...] = settings_lib.setting((1, 2), 'Sizes.')
  names: tuple[str, ...] = settings_lib.setting(('a',), 'Names.')
  seed: int = settings_lib.setting(0, 'A seed.')


class _Counting(task_study.TaskStudy[_Settings, _Task]):
  """Notes what it performs; stops where it is told to."""

  name = 'counting'
  settings = _Settings
  presets = {'small': {}}
  preset_help = 'One.'
  output_help = 'Where.'
  task_class = _Task
  may_change = ('sizes', 'names')

  def __init__(self) -> None:
    super().__init__()
    self.performed: list[_Task] = []
    self.stop_at: _Task | None = None

  def tasks(self, settings: _Settings) -> list[_Task]:
    return [_Task(s, n) for s in settings.sizes for n in settings.names]

  def perform(self, session: Any, task: _Task, progress: Any) -> dict[str, Any]:
    if task == self.stop_at:
      raise KeyboardInterrupt
    self.performed.append(task)
    progress(1)
    return {'value': float('nan') if task.size == 2 else 1.5}

  def tables(self, session: Any) -> str:
    values = [line['value'] for line in session.results.values()]
    return f'{len(values)} lines: {values}'

  def plot(self, session: Any) -> None:
    (session.path / 'plotted').touch()


def _lines(path: pathlib.Path) -> list[dict[str, Any]]:
  text = (path / task_study.RESULTS).read_text(encoding='utf-8')
  return [json.loads(line) for line in text.splitlines()]


def test_a_study_writes_lines_tables_and_pictures(tmp_path) -> None:
  study = _Counting()
  text = study.run(_Settings(), tmp_path)
  assert (tmp_path / 'tables.md').read_text(encoding='utf-8') == text + '\n'
  assert text == '2 lines: [1.5, nan]'
  assert (tmp_path / 'plotted').exists()
  first, second = _lines(tmp_path)
  assert list(first) == ['size', 'name', 'value', 'cpu_seconds']
  assert (second['size'], second['name'], second['value']) == (2, 'a', 'nan')
  assert study.run(_Settings(), tmp_path) == text
  assert study.performed == [_Task(1, 'a'), _Task(2, 'a')]


def test_a_stopped_study_does_what_is_left(tmp_path) -> None:
  study = _Counting()
  study.stop_at = _Task(2, 'a')
  with pytest.raises(KeyboardInterrupt):
    study.run(_Settings(), tmp_path)
  with (tmp_path / task_study.RESULTS).open('a') as file:
    file.write('{"size": 2, "na')  # It was killed while it wrote.
  study.stop_at = None
  study.run(_Settings(), tmp_path)
  assert study.performed == [_Task(1, 'a'), _Task(2, 'a')]
  assert len(_lines(tmp_path)) == 2


def test_more_names_are_added_and_another_seed_is_refused(tmp_path) -> None:
  study = _Counting()
  study.run(_Settings(), tmp_path)
  study.run(_Settings(names=('a', 'b')), tmp_path)
  assert study.performed[2:] == [_Task(1, 'b'), _Task(2, 'b')]
  with pytest.raises(ValueError, match=r'seed=1 \(there: 0\)'):
    study.run(_Settings(seed=1), tmp_path)
