"""The experiment `train_binary`."""

from __future__ import annotations

from experiments.binary import model as binary_model
from experiments.binary import report as binary_report
from experiments.binary import settings as binary_settings
from experiments.data import datasets
from experiments.framework import image_experiment
from experiments.framework import report
from experiments.framework import run as run_lib
from tf_mco import models

_Run = run_lib.Run[binary_settings.BinarySettings, datasets.Images]


class BinaryExperiment(
  image_experiment.ImageExperiment[binary_settings.BinarySettings]
):
  """Trains a model with binary latent variables."""

  name = 'train_binary'
  settings = binary_settings.BinarySettings
  presets = binary_settings.PRESETS

  def make_model(
    self, settings: binary_settings.BinarySettings, data: datasets.Images
  ) -> models.LatentVariableModel:
    """See `model.make`."""
    return binary_model.make(settings, data)

  def measure(self, run: _Run) -> report.Results:
    """See `report.measure`."""
    return binary_report.measure(run)

  def table(
    self, results: report.Results, settings: binary_settings.BinarySettings
  ) -> str:
    """See `report.table`."""
    return binary_report.table(results, settings)


EXPERIMENT = BinaryExperiment()
