"""The base class of experiments that train a model of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from experiments.data import datasets
from experiments.figures import plots
from experiments.framework import directory as run_directory
from experiments.framework import experiment
from experiments.framework import recipe
from experiments.framework import run as run_lib
from tf_mco import evaluation
from tf_mco import models

_SAMPLES, _SAMPLES_IN_A_ROW = 100, 10
_RECONSTRUCTIONS = 20


class ImageExperiment(experiment.Experiment[recipe.SettingsT, datasets.Images]):
  """Trains on images, validates by their bound, plots samples of the model."""

  sources: Mapping[str, str] = {
    'data_dir': 'Folder of tensorflow-datasets. Default: $TFDS_DATA_DIR, or '
    '../shared/tfds where it exists.',
    'chardata': "Burda's chardata.mat, for --dataset=omniglot_burda.",
  }

  def load_data(
    self, settings: recipe.SettingsT, sources: experiment.Sources
  ) -> datasets.Images:
    """Returns the images that the settings name."""
    return datasets.load(settings.dataset, **sources)

  def training_data(
    self, data: datasets.Images, schedule: recipe.Schedule
  ) -> dict[str, Any]:
    """Returns all training images, which `fit` visits in an order of its own.

    That order follows from the seed and the step of the model.
    """
    return {'x': data.train, 'batch_size': schedule.batch_size}

  def make_evaluation(
    self,
    model: models.LatentVariableModel,
    settings: recipe.SettingsT,
    data: datasets.Images,
  ) -> Callable[[], recipe.Evaluation]:
    """Returns the mean bound of validation images, in nats."""
    evaluator = evaluation.Evaluator(
      model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
      progress=False,  # The run has a bar already.
    )
    images = data.valid[: settings.eval_examples]

    def evaluate() -> recipe.Evaluation:
      bounds = evaluator(images, seed=settings.seed)
      return recipe.Evaluation(float(bounds.mean()))

    return evaluate

  def plot(self, run: run_lib.Run[recipe.SettingsT, datasets.Images]) -> None:
    """Writes learning_curve.png, samples.png and reconstructions.png."""
    shape = run.data.image_shape
    samples = np.asarray(run.model.sample(_SAMPLES, seed=0))
    plots.image_grid(
      samples.reshape(-1, *shape), run.path / 'samples.png', _SAMPLES_IN_A_ROW
    )
    originals = run.data.test[:_RECONSTRUCTIONS]
    means = np.asarray(run.model.reconstruct(originals))
    plots.reconstructions(
      (originals / 255).reshape(-1, *shape),
      means.reshape(-1, *shape),
      run.path / 'reconstructions.png',
    )
    plots.learning_curve(
      run_directory.read_metrics(run.path),
      run.path / 'learning_curve.png',
      variance='gradient_variance_encoder',
    )
