"""The experiment `train_iwae`."""

from __future__ import annotations

from experiments.data import datasets
from experiments.framework import experiment
from experiments.framework import image_experiment
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.iwae import model as iwae_model
from experiments.iwae import report as iwae_report
from experiments.iwae import settings as iwae_settings
from tf_mco import models

_Run = run_lib.Run[iwae_settings.IwaeSettings, datasets.Images]


class IwaeExperiment(
  image_experiment.ImageExperiment[iwae_settings.IwaeSettings]
):
  """Trains a model with Gaussian latent variables."""

  name = 'train_iwae'
  settings = iwae_settings.IwaeSettings
  presets = iwae_settings.PRESETS

  def load_data(
    self, settings: iwae_settings.IwaeSettings, sources: experiment.Sources
  ) -> datasets.Images:
    """Returns the images, with as many for validation as the settings ask for.

    Raises:
      ValueError: also for an `init_from` that a run cannot start from.
    """
    if settings.init_from is not None:
      iwae_model.source_checkpoint(settings)
    images = super().load_data(settings, sources)
    return iwae_model.with_validation(images, settings.valid_examples)

  def make_model(
    self, settings: iwae_settings.IwaeSettings, data: datasets.Images
  ) -> models.LatentVariableModel:
    """See `model.make`."""
    return iwae_model.make(settings, data)

  def measure(self, run: _Run) -> report.Results:
    """See `report.measure`."""
    return iwae_report.measure(run)

  def table(
    self, results: report.Results, settings: iwae_settings.IwaeSettings
  ) -> str:
    """See `report.table`."""
    return iwae_report.table(results, settings)


EXPERIMENT = IwaeExperiment()
