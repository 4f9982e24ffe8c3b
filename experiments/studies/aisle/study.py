"""The study `aisle_gaussian`."""

from __future__ import annotations

from typing import Any

from experiments.framework import task_study
from experiments.studies.aisle import plots as gaussian_plots
from experiments.studies.aisle import settings as gaussian_settings
from experiments.studies.aisle import tables as gaussian_tables
from experiments.studies.aisle import tasks as gaussian_tasks


class AisleStudy(
  task_study.TaskStudy[gaussian_settings.AisleSettings, gaussian_settings.Task]
):
  """Trains q by every gradient of the AISLE paper, and measures their noise."""

  name = 'aisle_gaussian'
  settings = gaussian_settings.AisleSettings
  presets = gaussian_settings.PRESETS
  preset_help = (
    'quick takes minutes; paper is the whole study, and takes a day.'
  )
  output_help = 'Directory of the results; default: runs/aisle_gaussian-PRESET.'
  task_class = gaussian_settings.Task
  may_change = gaussian_settings.LISTS
  unit = ' samples'

  def tasks(
    self, settings: gaussian_settings.AisleSettings
  ) -> list[gaussian_settings.Task]:
    """See `settings.tasks`."""
    return gaussian_settings.tasks(settings)

  def work(
    self,
    settings: gaussian_settings.AisleSettings,
    task: gaussian_settings.Task,
  ) -> int:
    """See `tasks.work`."""
    return gaussian_tasks.work(settings, task)

  def perform(
    self,
    session: gaussian_tasks.Session,
    task: gaussian_settings.Task,
    progress: task_study.Progress,
  ) -> dict[str, Any]:
    """Trains q, or measures the variance of its gradient."""
    settings = session.settings
    if task.trains:
      return gaussian_tasks.train(settings, session.path, task, progress)
    figures = gaussian_tasks.measure_variance(settings, task)
    progress(self.work(settings, task))
    return figures

  def tables(self, session: gaussian_tasks.Session) -> str:
    """See `tables.tables`."""
    return gaussian_tables.tables(session)

  def plot(self, session: gaussian_tasks.Session) -> None:
    """See `plots.plot`."""
    gaussian_plots.plot(session)


STUDY = AisleStudy()
