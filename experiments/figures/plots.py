"""Figures of the experiments, as PNG files.

The functions use the objects of matplotlib and never pyplot, which has a global
state and may need a display.
"""

from collections.abc import Mapping, Sequence
import os
from typing import Any

from matplotlib import image as mpl_image
from matplotlib import ticker
import numpy as np

from experiments.figures import style
from experiments.figures import tiles

_PAIRS_PER_ROW = 10


def learning_curve(
  metrics: Sequence[Mapping[str, Any]],
  path: str | os.PathLike,
  *,
  train: str = 'train_bound',
  valid: str = 'valid_bound',
  variance: str = 'gradient_variance',
) -> None:
  """Draws the bounds over the steps, and the gradient variance if there is one.

  Args:
    metrics: the lines that `directory.read_metrics` returns. A line need not
      hold every name.
    path: the PNG file.
    train: the name of the bound on training data, in nats.
    valid: the name of the bound on validation data, in nats.
    variance: the name of the variance of the gradient.
  Raises:
    ValueError: if no line holds one of the bounds.
  """
  curves = {
    f'{label} (last: {curve[1][-1]:.2f})': curve
    for label, name in (('training', train), ('validation', valid))
    if (curve := _curve(metrics, name))
  }
  if not curves:
    raise ValueError(
      f'Expected metrics with {train!r} or {valid!r}. Received:'
      f' {len(metrics)} lines with'
      f' {sorted({name for line in metrics for name in line})}'
    )
  spread = _curve(metrics, variance)
  figure = style.new_figure(7.0, 6.2 if spread else 4.2)
  if spread:
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    style.plot_lines(below, {'': spread})
    below.set(ylabel='gradient variance', yscale='log')
  else:
    above = below = figure.subplots()
  style.plot_lines(above, curves)
  above.set_ylabel('bound on log p(x), nats')
  style.leave_out_warm_up(above, list(curves.values()))
  below.set_xlabel('training step')
  below.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))
  style.save(figure, path)


def lines(
  series: Mapping[str, tuple[Any, Any]],
  path: str | os.PathLike,
  *,
  xlabel: str,
  ylabel: str,
  title: str = '',
  logx: bool = False,
  logy: bool = False,
) -> None:
  """Draws one line for each series.

  Args:
    series: the points (x, y) of each line, by its name in the legend.
    path: the PNG file.
    xlabel: quantity and unit.
    ylabel: quantity and unit.
    title: of the figure; there is none if it is empty.
    logx: whether the x axis is logarithmic.
    logy: whether the y axis is logarithmic.
  Raises:
    ValueError: if there is no series, or one whose x and y differ in length.
  """
  if not series:
    raise ValueError('Expected at least one series. Received: none')
  for name, (x, y) in series.items():
    if len(x) != len(y):
      raise ValueError(
        f'Expected as many x as y. Received: {len(x)} and {len(y)} in {name!r}'
      )
  figure = style.new_figure(7.0, 4.4)
  axes = figure.subplots()
  style.plot_lines(axes, series)
  axes.set(xlabel=xlabel, ylabel=ylabel)
  if title:
    axes.set_title(title, loc='left')
  if logx:
    axes.set_xscale('log')
  if logy:
    axes.set_yscale('log')
  style.save(figure, path)


def image_grid(
  images: np.ndarray, path: str | os.PathLike, columns: int
) -> None:
  """Draws images row by row.

  Args:
    images: `[N, H, W]` in [0, 1]; 1 is white.
    path: the PNG file.
    columns: images in a row.
  Raises:
    ValueError: for images of another shape or range, or columns below 1.
  """
  images = tiles.checked(images, 'images')
  if columns < 1:
    raise ValueError(f'Expected columns >= 1. Received: columns={columns}')
  canvas = tiles.tiled(images, columns)
  mpl_image.imsave(path, canvas, cmap='gray', vmin=0, vmax=1, format='png')


def reconstructions(
  originals: np.ndarray, reconstructed: np.ndarray, path: str | os.PathLike
) -> None:
  """Draws images above their reconstructions, ten pairs in a row.

  Args:
    originals: `[N, H, W]` in [0, 1]; 1 is white.
    reconstructed: the same shape and range.
    path: the PNG file.
  Raises:
    ValueError: for images of another shape or range.
  """
  originals = tiles.checked(originals, 'originals')
  reconstructed = tiles.checked(reconstructed, 'reconstructed')
  if originals.shape != reconstructed.shape:
    raise ValueError(
      'Expected originals and reconstructed of one shape. Received:'
      f' {originals.shape} and {reconstructed.shape}'
    )
  bands = tiles.paired(originals, reconstructed, _PAIRS_PER_ROW)
  height, width = bands[0].shape
  figure = style.new_figure(
    width / style.DPI + 1.0, len(bands) * (height / style.DPI + 0.1)
  )
  for axes, band in zip(
    figure.subplots(len(bands), squeeze=False)[:, 0], bands, strict=True
  ):
    axes.imshow(band, cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    # The last band may be narrower. Its images stay as large as the others.
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_yticks([height / 4, height * 3 / 4], ['data', 'model'])
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
  style.save(figure, path)


def _curve(
  metrics: Sequence[Mapping[str, Any]], name: str
) -> tuple[list[float], list[float]] | None:
  """Returns steps and values of the lines with a name; None without any."""
  points = [(line['step'], line[name]) for line in metrics if name in line]
  if not points:
    return None
  steps, values = zip(*points, strict=True)
  return list(steps), list(values)
