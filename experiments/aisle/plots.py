"""The figures of the Gaussian study, as PNG files."""

from __future__ import annotations

from collections.abc import Callable
import pathlib

from matplotlib import figure as mpl_figure
from matplotlib import ticker
import numpy as np

from experiments.aisle import measures as gaussian_measures
from experiments.aisle import methods as gaussian_methods
from experiments.aisle import settings as gaussian_settings
from experiments.aisle import study as gaussian_study
from experiments.drawing import figures

_OPTIMIZERS = {'sgd': 'SGD with L1-normalised gradients', 'adam': 'Adam'}
# Of one method, D and K: the points (x, y).
_Points = Callable[[str, int, int], tuple[np.ndarray, np.ndarray]]


def draw(
  study: gaussian_study.Study,
  settings: gaussian_settings.Settings,
  path: pathlib.Path,
) -> list[pathlib.Path]:
  """Writes the figures of a finished study, and returns their paths."""
  found = {}
  for family in settings.families:
    found[f'variance_{family}'] = _variance(study, settings, family)
    for optimizer in settings.optimizers:
      name = f'{family}_{optimizer}'
      found[f'error_{name}'] = _error(study, settings, family, optimizer)
      if family == 'insufficient':
        found[f'position_{name}'] = _position(
          study, settings, family, optimizer
        )
  for name, figure in found.items():
    figures.save(figure, path / f'{name}.png')
  return [path / f'{name}.png' for name in found]


def _error(
  study: gaussian_study.Study,
  settings: gaussian_settings.Settings,
  family: str,
  optimizer: str,
) -> mpl_figure.Figure:
  figure = _curves(
    study, settings, family, optimizer, measure='inclusive', yscale='log'
  )
  # Score-free gradients under Adam go on down to rounding.
  bottom, _ = figure.axes[0].get_ylim()
  figure.axes[0].set_ylim(bottom=max(bottom, 1e-4))
  figure.supylabel('L2 distance to the optimum of KL(p || q)')
  return figure


def _position(
  study: gaussian_study.Study,
  settings: gaussian_settings.Settings,
  family: str,
  optimizer: str,
) -> mpl_figure.Figure:
  figure = _curves(
    study, settings, family, optimizer, measure='position', yscale='linear'
  )
  figure.axes[0].set_ylim(-0.5, 2.5)
  for axes in figure.axes:
    for height in (0, 1):
      axes.axhline(height, color='0.6', linewidth=0.8, zorder=0)
  figure.supylabel('position of c: 0 is KL(q || p), 1 KL(p || q)')
  return figure


def _curves(
  study: gaussian_study.Study,
  settings: gaussian_settings.Settings,
  family: str,
  optimizer: str,
  *,
  measure: str,
  yscale: str,
) -> mpl_figure.Figure:
  def points(method: str, dims: int, samples: int) -> tuple:
    curve = study.curve(
      gaussian_settings.Task(dims, samples, method, family, optimizer)
    )
    return curve.step, getattr(curve, measure)

  figure = _panels(settings, points, xscale='log', yscale=yscale)
  figure.suptitle(
    f'{family} family, {_OPTIMIZERS[optimizer]}, mean of '
    f'{settings.repeats} repeats'
  )
  figure.supxlabel('iteration')
  return figure


def _variance(
  study: gaussian_study.Study,
  settings: gaussian_settings.Settings,
  family: str,
) -> mpl_figure.Figure:
  distances = np.array([d for d in gaussian_measures.DISTANCES if d > 0])

  def points(method: str, dims: int, samples: int) -> tuple:
    line = study.results[
      gaussian_settings.Task(
        dims, samples, method, family, gaussian_settings.VARIANCE
      )
    ]
    names = map(gaussian_measures.variance_name, distances)
    return distances, np.array([line[name] for name in names])

  figure = _panels(settings, points, xscale='log', yscale='log', marker='o')
  figure.suptitle(f'{family} family, noise of a gradient near the optimum')
  figure.supxlabel('L2 distance to the optimum of KL(p || q)')
  figure.supylabel('variance over squared L1 norm at distance 1')
  return figure


def _panels(
  settings: gaussian_settings.Settings,
  points: _Points,
  *,
  xscale: str,
  yscale: str,
  marker: str | None = None,
) -> mpl_figure.Figure:
  """Returns a panel for each D (down) and K (across), and one legend."""
  rows, columns = len(settings.dims), len(settings.samples)
  figure = figures.new(3.2 * columns + 2.6, 2.8 * rows + 1.0)
  panels = figure.subplots(
    rows, columns, sharex=True, sharey=True, squeeze=False
  )
  for dims, row in zip(settings.dims, panels, strict=True):
    for samples, axes in zip(settings.samples, row, strict=True):
      for name in settings.methods:
        method = gaussian_methods.METHODS[name]
        axes.plot(
          *points(name, dims, samples),
          label=method.label,
          color=method.colour,
          linestyle=method.dashes,
          linewidth=1.6,
          marker=marker,
          markersize=3,
        )
      axes.set(xscale=xscale, yscale=yscale)
      axes.set_title(f'D = {dims}, K = {samples}', loc='left')
      axes.grid(color='0.92')
      axes.set_axisbelow(True)
      axes.spines[['top', 'right']].set_visible(False)
      if yscale == 'log':
        axes.yaxis.set_major_locator(ticker.LogLocator(numticks=8))
  handles, labels = panels[0, 0].get_legend_handles_labels()
  figure.legend(handles, labels, loc='outside right upper', frameon=False)
  return figure
