"""The study `hvae_gaussian`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.framework import task_study
from experiments.studies.hvae_gaussian import point_sets
from experiments.studies.hvae_gaussian import report
from experiments.studies.hvae_gaussian import settings as hvae_settings
from experiments.studies.hvae_gaussian import training
from experiments.studies.hvae_gaussian import xla_options

_Session = task_study.Session[hvae_settings.HvaeGaussianSettings, report.Task]


class HvaeGaussianStudy(
  task_study.TaskStudy[hvae_settings.HvaeGaussianSettings, report.Task]
):
  """Learns Delta and sigma by HVAE, flows and VB, dimension by dimension."""

  name = 'hvae_gaussian'
  settings = hvae_settings.HvaeGaussianSettings
  presets = hvae_settings.PRESETS
  preset_help = 'small goes up to 51 dimensions, paper to 301.'
  output_help = 'Directory of the results; default: runs/hvae_gaussian-PRESET.'
  task_class = report.Task
  may_change = hvae_settings.LISTS

  def start(self) -> None:
    """Runs the study with the values of its flags."""
    # Tempered, with K = 10: 40 CPU-seconds and not 180.
    xla_options.disable_fusion()
    super().start()

  def tasks(
    self, settings: hvae_settings.HvaeGaussianSettings
  ) -> list[report.Task]:
    """Returns every method, and maximum likelihood, at every dimension."""
    return [
      report.Task(dims, name)
      for dims in settings.dims
      for name in (report.REFERENCE, *settings.methods)
    ]

  def perform(
    self,
    session: _Session,
    task: report.Task,
    progress: task_study.Progress,
  ) -> dict[str, Any]:
    """Returns errors and bounds of one method, with their standard errors."""
    settings = session.settings
    data = point_sets.make(
      task.dims,
      repeats=settings.repeats,
      num_points=settings.num_points,
      seed=settings.seed,
    )
    delta, sigma, elbo = _learn(settings, task, data)
    measures = {
      **data.errors(delta, sigma),
      'elbo': elbo,
      'gap': data.log_evidence(delta, sigma) - elbo,
    }
    figures: dict[str, Any] = {}
    for measure, values in measures.items():
      figures[measure] = float(np.mean(values))
      spread = np.std(values, ddof=1) if len(values) > 1 else math.nan
      figures[f'{measure}_error'] = float(spread / math.sqrt(len(values)))
    progress(1)
    return figures

  def tables(self, session: _Session) -> str:
    """See `report.tables`."""
    return report.tables(session.results, session.settings)

  def plot(self, session: _Session) -> None:
    """See `report.plot`."""
    report.plot(session.results, session.settings, session.path)


def _learn(
  settings: hvae_settings.HvaeGaussianSettings,
  task: report.Task,
  data: point_sets.PointSets,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Returns Delta and sigma, `[R, D]`, and the ELBO, `[R]`, in nats."""
  if task.method == report.REFERENCE:
    delta, sigma = data.maximum_likelihood
    return delta, sigma, data.log_evidence(delta, sigma)
  parameters, elbo = training.train(
    task.method,
    data,
    settings.options,
    iterations=settings.iterations,
    learning_rate=settings.learning_rate,
    seed=settings.seed,
  )
  return parameters['delta'], np.exp(parameters['log_sigma']), elbo


STUDY = HvaeGaussianStudy()
