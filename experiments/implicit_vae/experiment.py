"""The experiment `train_implicit_vae`."""

from __future__ import annotations

from experiments.data import datasets
from experiments.framework import image_experiment
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.implicit_vae import model as implicit_model
from experiments.implicit_vae import plots as implicit_plots
from experiments.implicit_vae import report as implicit_report
from experiments.implicit_vae import settings as implicit_settings
from tf_mco import models

_Run = run_lib.Run[implicit_settings.ImplicitVaeSettings, datasets.Images]


class ImplicitVaeExperiment(
  image_experiment.ImageExperiment[implicit_settings.ImplicitVaeSettings]
):
  """Trains a VAE with Gamma, Beta, von Mises or normal latent variables."""

  name = 'train_implicit_vae'
  settings = implicit_settings.ImplicitVaeSettings
  presets = implicit_settings.PRESETS

  def make_model(
    self,
    settings: implicit_settings.ImplicitVaeSettings,
    data: datasets.Images,
  ) -> models.LatentVariableModel:
    """See `model.make`."""
    return implicit_model.make(settings, data)

  def measure(self, run: _Run) -> report.Results:
    """See `report.measure`."""
    return implicit_report.measure(run)

  def table(
    self,
    results: report.Results,
    settings: implicit_settings.ImplicitVaeSettings,
  ) -> str:
    """See `report.table`."""
    return implicit_report.table(results, settings)

  def plot(self, run: _Run) -> None:
    """Writes the pictures of images, and that of a small latent space."""
    super().plot(run)
    implicit_plots.plot_latent_space(
      run.model, run.settings, run.data, run.path
    )


EXPERIMENT = ImplicitVaeExperiment()
