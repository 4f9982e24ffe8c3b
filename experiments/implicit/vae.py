"""Model, closing figures and pictures of non-Gaussian latent variables."""

from __future__ import annotations

import math
import pathlib
from typing import Any, cast

import keras
import numpy as np
import tabulate

from experiments.data import datasets
from experiments.drawing import figures
from experiments.drawing import plots
from experiments.implicit import latent_families
from experiments.implicit import vae_settings as implicit_vae_settings
from experiments.runs import completion
from experiments.runs import training
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import models

_TILES = 20  # a side of the picture of two latent variables
_HOURS = 24  # images around the circle
# A thousand samples of as many images fit into memory.
_BATCH = 50


def make_model(
  settings: implicit_vae_settings.Settings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run."""
  keras.utils.set_random_seed(settings.seed)
  family = latent_families.FAMILIES[settings.latent]
  mean = images.train.mean(axis=0) / 255
  model = models.LatentVariableModel(
    latent_families.network(
      settings.hidden_units,
      keras.layers.Rescaling(1.0, offset=(-mean).tolist()),
      family.posterior(settings.units),
    ),
    latent_families.network(
      settings.hidden_units,
      family.features(),
      layers.BernoulliLikelihood(mean.size, mean=mean),
    ),
    family.prior(settings.units),
    settings.make_estimator(),
    binarization='dynamic',
    seed=settings.seed,
  )
  model.compile(
    keras.optimizers.Adam(settings.learning_rate),
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.build((None, mean.size))
  model.optimizer.build(model.trainable_variables)
  return model


def measure(run: training.Run) -> dict[str, Any]:
  """Returns the closing figures: the bound of the test images, in nats."""
  settings = cast(implicit_vae_settings.Settings, run.settings)
  test = run.images.test[: settings.test_examples]
  evaluator = evaluation.Evaluator(
    run.model,
    num_samples=settings.test_samples,
    jit_compile=settings.jit_compile,
  )
  bounds = evaluator(test, batch_size=_BATCH, seed=settings.seed)
  return {
    'binarization': run.images.binarization,
    'test_examples': len(test),
    'test_samples': settings.test_samples,
    'test_bound': float(bounds.mean()),
    'test_bound_standard_error': float(bounds.std() / math.sqrt(bounds.size)),
  }


def table(
  results: dict[str, Any], settings: implicit_vae_settings.Settings
) -> str:
  """Returns the closing table."""
  speed = results['steps_per_second']
  rows = [
    (
      f'L_{results["test_samples"]} of {results["test_examples"]:,} test images'
      ' (nats)',
      f'{results["test_bound"]:.2f}'
      f' ± {results["test_bound_standard_error"]:.2f}',
    ),
    ('binarization', results['binarization']),
    ('training steps/s', f'{speed:.0f}' if speed else 'not measured'),
  ]
  return tabulate.tabulate(
    rows,
    headers=[settings.label, f'step {settings.steps:,}'],
    disable_numparse=True,
  )


def draw_pictures(
  model: models.LatentVariableModel,
  images: datasets.Images,
  path: pathlib.Path,
) -> None:
  """Adds latent_space.png to the pictures, for one or two latent variables."""
  completion.draw_pictures(model, images, path)
  posterior = model.objective.encoder_conditionals[0].head
  (family,) = [
    one
    for one in latent_families.FAMILIES.values()
    if type(one.posterior(1)) is type(posterior)
  ]
  units = model.objective.prior.units
  if units == 1 and isinstance(posterior, layers.VonMisesPosterior):
    _circle(model, images.image_shape, path / 'latent_space.png')
  elif units == 2:
    levels = (np.arange(_TILES) + 0.5) / _TILES
    values = family.quantiles(levels).astype(np.float32)
    down, across = np.meshgrid(values, values, indexing='ij')
    means = _decoded(model, np.stack([down.ravel(), across.ravel()], axis=-1))
    plots.image_grid(
      means.reshape(-1, *images.image_shape), path / 'latent_space.png', _TILES
    )


def _decoded(model: models.LatentVariableModel, z: np.ndarray) -> np.ndarray:
  return np.asarray(model.decode(z.astype(np.float32)))


def _circle(
  model: models.LatentVariableModel, shape: tuple[int, int], path: pathlib.Path
) -> None:
  """Draws the means of p(x | z) at the angles z where they stand."""
  angles = np.linspace(-np.pi, np.pi, _HOURS, endpoint=False)
  means = _decoded(model, angles[:, None]).reshape(-1, *shape)
  figure = figures.new(7.0, 7.0)
  # A tenth of the width each; inset axes in fractions of the figure.
  for angle, mean in zip(angles, means, strict=True):
    x, y = 0.5 + 0.43 * np.cos(angle), 0.5 + 0.43 * np.sin(angle)
    axes = figure.add_axes((x - 0.05, y - 0.05, 0.1, 0.1))
    axes.imshow(mean, cmap='gray_r', vmin=0, vmax=1)
    axes.axis('off')
  figure.text(0.5, 0.5, 'mean of p(x | z)\nby the angle z', ha='center')
  figures.save(figure, path)
