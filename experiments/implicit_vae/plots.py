"""Pictures of a latent space that is a circle, a torus or a plane."""

from __future__ import annotations

import pathlib

import numpy as np

from experiments.data import datasets
from experiments.figures import plots
from experiments.figures import style
from experiments.implicit_vae import latent_families
from experiments.implicit_vae import settings as implicit_settings
from tf_mco import models

_TILES = 20  # a side of the picture of two latent variables
_HOURS = 24  # images around the circle
_NAME = 'latent_space.png'


def plot_latent_space(
  model: models.LatentVariableModel,
  settings: implicit_settings.ImplicitVaeSettings,
  images: datasets.Images,
  path: pathlib.Path,
) -> None:
  """Writes latent_space.png, if the latent space has one or two dimensions.

  Args:
    model: the trained model.
    settings: of the run.
    images: the data set.
    path: the directory of the run.
  """
  if settings.units == 1 and settings.latent == 'von_mises':
    _plot_circle(model, images.image_shape, path / _NAME)
  elif settings.units == 2:
    family = latent_families.FAMILIES[settings.latent]
    # The tiles have equal shares of the prior's probability.
    levels = (np.arange(_TILES) + 0.5) / _TILES
    values = family.quantiles(levels).astype(np.float32)
    down, across = np.meshgrid(values, values, indexing='ij')
    means = _decoded(model, np.stack([down.ravel(), across.ravel()], axis=-1))
    plots.image_grid(
      means.reshape(-1, *images.image_shape), path / _NAME, _TILES
    )


def _decoded(model: models.LatentVariableModel, z: np.ndarray) -> np.ndarray:
  """Returns the means of p(x | z), `[N, pixels]`, for `[N, D]`."""
  return np.asarray(model.decode(z.astype(np.float32)))


def _plot_circle(
  model: models.LatentVariableModel, shape: tuple[int, int], path: pathlib.Path
) -> None:
  """Draws the mean of p(x | z) for angles z, each mean at its angle."""
  angles = np.linspace(-np.pi, np.pi, _HOURS, endpoint=False)
  means = _decoded(model, angles[:, None]).reshape(-1, *shape)
  figure = style.new_figure(7.0, 7.0)
  # Each image is a tenth of the figure wide. Its place is in fractions of the
  # figure.
  for angle, mean in zip(angles, means, strict=True):
    x, y = 0.5 + 0.43 * np.cos(angle), 0.5 + 0.43 * np.sin(angle)
    axes = figure.add_axes((x - 0.05, y - 0.05, 0.1, 0.1))
    axes.imshow(mean, cmap='gray_r', vmin=0, vmax=1)
    axes.axis('off')
  figure.text(0.5, 0.5, 'mean of p(x | z)\nby the angle z', ha='center')
  style.save(figure, path)
