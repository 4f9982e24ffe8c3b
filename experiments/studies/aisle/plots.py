"""The figures of the AISLE study, as PNG files."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib import figure as mpl_figure
from matplotlib import ticker
import numpy as np

from experiments.figures import style
from experiments.studies.aisle import measures as gaussian_measures
from experiments.studies.aisle import methods as gaussian_methods
from experiments.studies.aisle import settings as gaussian_settings
from experiments.studies.aisle import tasks as gaussian_tasks

_OPTIMIZERS = {'sgd': 'SGD with L1-normalised gradients', 'adam': 'Adam'}
# From a method, D and K to the points (x, y) of its curve.
_Points = Callable[[str, int, int], tuple[np.ndarray, np.ndarray]]


def plot(session: gaussian_tasks.Session) -> None:
  """Writes the figures of a finished study."""
  settings = session.settings
  figures = {}
  for family in settings.families:
    figures[f'variance_{family}'] = _variance(session, family)
    for optimizer in settings.optimizers:
      name = f'{family}_{optimizer}'
      figures[f'error_{name}'] = _error(session, family, optimizer)
      if family == 'insufficient':
        figures[f'position_{name}'] = _position(session, family, optimizer)
  for name, figure in figures.items():
    style.save(figure, session.path / f'{name}.png')


def _error(
  session: gaussian_tasks.Session,
  family: str,
  optimizer: str,
) -> mpl_figure.Figure:
  figure = _curves(
    session, family, optimizer, measure='inclusive', yscale='log'
  )
  # Under Adam, gradients without a score go on down to rounding errors.
  bottom, _ = figure.axes[0].get_ylim()
  figure.axes[0].set_ylim(bottom=max(bottom, 1e-4))
  figure.supylabel('L2 distance to the optimum of KL(p || q)')
  return figure


def _position(
  session: gaussian_tasks.Session,
  family: str,
  optimizer: str,
) -> mpl_figure.Figure:
  figure = _curves(
    session, family, optimizer, measure='position', yscale='linear'
  )
  figure.axes[0].set_ylim(-0.5, 2.5)
  for axes in figure.axes:
    for height in (0, 1):
      axes.axhline(height, color='0.6', linewidth=0.8, zorder=0)
  figure.supylabel('position of c: 0 is KL(q || p), 1 KL(p || q)')
  return figure


def _curves(
  session: gaussian_tasks.Session,
  family: str,
  optimizer: str,
  *,
  measure: str,
  yscale: str,
) -> mpl_figure.Figure:
  def points(method: str, dims: int, samples: int) -> tuple:
    curve = gaussian_tasks.curve(
      session.path,
      gaussian_settings.Task(dims, samples, method, family, optimizer),
    )
    return curve.step, getattr(curve, measure)

  figure = _panels(session.settings, points, xscale='log', yscale=yscale)
  figure.suptitle(
    f'{family} family, {_OPTIMIZERS[optimizer]}, mean of '
    f'{session.settings.repeats} repeats'
  )
  figure.supxlabel('iteration')
  return figure


def _variance(
  session: gaussian_tasks.Session,
  family: str,
) -> mpl_figure.Figure:
  distances = np.array([d for d in gaussian_measures.DISTANCES if d > 0])

  def points(method: str, dims: int, samples: int) -> tuple:
    line = session.results[
      gaussian_settings.Task(
        dims, samples, method, family, gaussian_settings.VARIANCE
      )
    ]
    names = map(gaussian_measures.variance_name, distances)
    return distances, np.array([line[name] for name in names])

  figure = _panels(
    session.settings, points, xscale='log', yscale='log', marker='o'
  )
  figure.suptitle(f'{family} family, noise of a gradient near the optimum')
  figure.supxlabel('L2 distance to the optimum of KL(p || q)')
  figure.supylabel('variance over squared L1 norm at distance 1')
  return figure


def _panels(
  settings: gaussian_settings.AisleSettings,
  points: _Points,
  *,
  xscale: str,
  yscale: str,
  marker: str | None = None,
) -> mpl_figure.Figure:
  """Returns a panel for each D (down) and K (across), and one legend."""
  rows, columns = len(settings.dims), len(settings.samples)
  figure = style.new_figure(3.2 * columns + 2.6, 2.8 * rows + 1.0)
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
