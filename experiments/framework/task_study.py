"""The base class of studies that consist of tasks, and go on after a stop."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
import dataclasses
import os
import pathlib
import sys
import time
from typing import Any, Generic, TypeVar

import tqdm

from experiments.framework import directory as run_directory
from experiments.framework import strict_json
from experiments.framework import study

RESULTS = 'results.jsonl'
# A task is a named tuple; its fields are the first figures of its line.
TaskT = TypeVar('TaskT', bound=tuple)
# Called with each part of the work that is done.
Progress = Callable[[int], Any]
# Seconds between two states of the bar, on a terminal and in a log.
_TERMINAL_SECONDS, _LOG_SECONDS = 0.3, 30.0


class Session(Generic[study.StudySettingsT, TaskT]):
  """A study of some settings in one directory, and the results so far.

  Attributes:
    settings: of the study.
    path: the directory.
    results: the lines of results.jsonl, by task.
  """

  def __init__(
    self,
    settings: study.StudySettingsT,
    path: pathlib.Path,
    task_class: type[TaskT],
  ):
    """Reads the results of tasks that are finished.

    Args:
      settings: of the study.
      path: the directory, which exists.
      task_class: the named tuple.
    """
    self.settings = settings
    self.path = path
    self.results: dict[TaskT, dict[str, Any]] = {}
    self._names: Sequence[str] = task_class._fields  # type: ignore[attr-defined]
    self._task_class = task_class
    strict_json.drop_half_line(path / RESULTS)
    if (path / RESULTS).exists():
      for line in strict_json.read_lines(path / RESULTS):
        self._keep(line)

  def append(self, task: TaskT, figures: dict[str, Any]) -> None:
    """Writes the line of a task that is finished."""
    line = dict(zip(self._names, task, strict=True)) | figures
    with (self.path / RESULTS).open('a', encoding='utf-8') as file:
      file.write(strict_json.line(line))
    self._keep(strict_json.plain(line))

  def _keep(self, line: dict[str, Any]) -> None:
    task = self._task_class(*(line[name] for name in self._names))
    self.results[task] = strict_json.with_numbers(line)


class TaskStudy(
  study.PresetStudy[study.StudySettingsT], Generic[study.StudySettingsT, TaskT]
):
  """A study of many tasks, each one a line of results.jsonl.

  A study that was killed goes on with the tasks that it has not finished. Given
  more methods or dimensions, it adds their tasks.
  """

  @property
  @abc.abstractmethod
  def task_class(self) -> type[TaskT]:
    """The named tuple that says which task a line of results is of."""

  @property
  @abc.abstractmethod
  def may_change(self) -> Sequence[str]:
    """The settings that may differ where a directory is used again."""

  @abc.abstractmethod
  def tasks(self, settings: study.StudySettingsT) -> list[TaskT]:
    """Returns all tasks; those that share a program stand together."""

  @abc.abstractmethod
  def perform(
    self,
    session: Session[study.StudySettingsT, TaskT],
    task: TaskT,
    progress: Progress,
  ) -> dict[str, Any]:
    """Does what is left of a task, and returns its figures.

    Args:
      session: of the study.
      task: one that is not finished.
      progress: to be called with each part of `work` that is done.
    """

  @abc.abstractmethod
  def tables(self, session: Session[study.StudySettingsT, TaskT]) -> str:
    """Returns the tables of a study whose tasks are all finished."""

  @abc.abstractmethod
  def plot(self, session: Session[study.StudySettingsT, TaskT]) -> None:
    """Writes the figures of a study whose tasks are all finished."""

  @property
  def unit(self) -> str:
    """The unit of `work`, for the bar."""
    return 'it'

  def work(self, settings: study.StudySettingsT, task: TaskT) -> int:
    """Returns how much there is to do for a task."""
    del settings, task
    return 1

  def open(
    self, settings: study.StudySettingsT, output_dir: str | os.PathLike
  ) -> Session[study.StudySettingsT, TaskT]:
    """Returns the study in a directory, with the results that are there.

    Raises:
      ValueError: if the directory holds a study of another configuration.
    """
    directory = run_directory.RunDirectory.open(
      output_dir, dataclasses.asdict(settings), may_change=self.may_change
    )
    return Session(settings, directory.path, self.task_class)

  def finish(
    self,
    session: Session[study.StudySettingsT, TaskT],
    task: TaskT,
    progress: Progress,
  ) -> None:
    """Does what is left of a task, and writes its line."""
    if task in session.results:
      progress(self.work(session.settings, task))
      return
    start = time.process_time()
    figures = self.perform(session, task, progress)
    figures['cpu_seconds'] = time.process_time() - start
    session.append(task, figures)

  def run(
    self, settings: study.StudySettingsT, output_dir: str | os.PathLike
  ) -> str:
    """Does what is left of the study, and returns its tables."""
    session = self.open(settings, output_dir)
    tasks = self.tasks(settings)
    terminal = sys.stderr.isatty()
    with tqdm.tqdm(
      total=sum(self.work(settings, task) for task in tasks),
      unit=self.unit,
      unit_scale=True,
      mininterval=_TERMINAL_SECONDS if terminal else _LOG_SECONDS,
      smoothing=0.05,
      dynamic_ncols=terminal,
    ) as bar:
      for task in tasks:
        bar.set_postfix_str(' '.join(map(str, task)), refresh=False)
        self.finish(session, task, bar.update)
    text = self.tables(session)
    (session.path / 'tables.md').write_text(text + '\n', encoding='utf-8')
    self.plot(session)
    return text

  def summary(
    self,
    settings: study.StudySettingsT,
    tables: str,
    output_dir: str,
    cpu_seconds: float,
  ) -> str:
    """Returns the tables, and what they cost."""
    del settings
    return f'{tables}\n\n{cpu_seconds:.0f} CPU-seconds. Also in {output_dir}'
