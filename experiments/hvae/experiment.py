"""The experiment `train_hvae`."""

from __future__ import annotations

from collections.abc import Callable

from experiments.data import datasets
from experiments.framework import experiment
from experiments.framework import image_experiment
from experiments.framework import recipe
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.hvae import measures as hvae_measures
from experiments.hvae import model as hvae_model
from experiments.hvae import report as hvae_report
from experiments.hvae import settings as hvae_settings
from tf_mco import models

_Run = run_lib.Run[hvae_settings.HvaeSettings, datasets.Images]


class HvaeExperiment(
  image_experiment.ImageExperiment[hvae_settings.HvaeSettings]
):
  """Trains the convolutional Hamiltonian VAE, and stops early."""

  name = 'train_hvae'
  settings = hvae_settings.HvaeSettings
  presets = hvae_settings.PRESETS

  def load_data(
    self, settings: hvae_settings.HvaeSettings, sources: experiment.Sources
  ) -> datasets.Images:
    """Returns the images, of which the seed draws the ones that validate."""
    images = super().load_data(settings, sources)
    return hvae_model.prepared(images, settings.seed)

  def make_model(
    self, settings: hvae_settings.HvaeSettings, data: datasets.Images
  ) -> models.LatentVariableModel:
    """See `model.make`."""
    return hvae_model.make(settings, data)

  def make_evaluation(
    self,
    model: models.LatentVariableModel,
    settings: hvae_settings.HvaeSettings,
    data: datasets.Images,
  ) -> Callable[[], recipe.Evaluation]:
    """Returns the mean ELBO of validation images, and the dynamics."""
    elbo = hvae_measures.Elbo(
      model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
      progress=False,  # The run has a bar already.
    )
    images = data.valid[: settings.eval_examples]

    def evaluate() -> recipe.Evaluation:
      bounds = elbo(images, batch_size=settings.batch_size, seed=settings.seed)
      return recipe.Evaluation(
        float(bounds.mean()), hvae_measures.dynamics(model)
      )

    return evaluate

  def patience(self, settings: hvae_settings.HvaeSettings) -> int:
    """Returns how many evaluations may pass without a better one."""
    return settings.patience

  def measure(self, run: _Run) -> report.Results:
    """See `report.measure`."""
    return hvae_report.measure(run)

  def table(
    self, results: report.Results, settings: hvae_settings.HvaeSettings
  ) -> str:
    """See `report.table`."""
    return hvae_report.table(results, settings)


EXPERIMENT = HvaeExperiment()
