"""Figures of gradient variance and bias, as PNG files.

The functions need matplotlib, which they import when they are called, so that
the rest of `tf_mco.diagnostics` works without it. They use only the objects of
matplotlib, never pyplot, because pyplot has a global state and may want a
display.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
import statistics as normal_statistics
from typing import TYPE_CHECKING

import numpy as np

from tf_mco.diagnostics import bias
from tf_mco.diagnostics import statistics

if TYPE_CHECKING:
  from matplotlib import axes as mpl_axes
  from matplotlib import figure as mpl_figure

_DPI = 144
# Okabe and Ito's colours, which colour-blind readers tell apart, without their
# yellow, which is hard to see on white. Shapes and dashes tell the groups and
# the lines apart in print.
_COLOURS = (
  *('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00'),
  '#000000',
)
_BAR = '#56B4E9'
_MARKERS = ('o', '^', 's', 'D')
_DASHES = ('-', '--', '-.', ':')
# Up to this number, the points of a line are shown one by one.
_FEW_POINTS = 30
# A longer legend would hide the lines, and is put outside of the axes.
_MOST_INSIDE = 4


def variance_bars(
  measured: Mapping[str, Mapping[str, statistics.GradientStatistics]],
  path: str | os.PathLike,
  *,
  title: str = '',
) -> None:
  """Draws the gradient variance of estimators, a panel for each group.

  Args:
    measured: The result of `gradient_statistics` for each estimator.
    path: The PNG file to write.
    title: The title; nothing is written if it is empty.
  Raises:
    ImportError: Without matplotlib.
    ValueError: If there is no estimator, or two differ in their groups.
  """
  groups = {label: list(one) for label, one in measured.items()}
  names = next(iter(groups.values()), [])
  if not names or any(one != names for one in groups.values()):
    raise ValueError(
      f'Expected estimators measured in the same groups. Received: {groups}'
    )
  figure = _new_figure(1.6 + 2.7 * len(names), 1.3 + 0.36 * len(measured))
  panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
  for axes, name in zip(panels, names, strict=True):
    _draw_bars(axes, {label: one[name] for label, one in measured.items()})
    axes.set_title(name, loc='left')
  panels[0].set_yticks(range(len(measured)), list(measured))
  panels[0].invert_yaxis()
  figure.supxlabel('gradient variance per parameter, with 2 standard errors')
  if title:
    figure.suptitle(title, x=0.01, ha='left')
  _save(figure, path)


def bias_scores(
  check: bias.BiasCheck, path: str | os.PathLike, *, title: str = ''
) -> None:
  """Draws sorted z-scores against normal quantiles, and the threshold.

  The scores of an unbiased estimate lie along the diagonal, inside the band.
  Scores that are exactly 0 are left out.

  Args:
    check: The result of `bias_check`.
    path: The PNG file to write.
    title: The title; only the verdict is written if it is empty.
  Raises:
    ImportError: Without matplotlib.
  """
  figure = _new_figure(6.4, 4.8)
  axes = figure.subplots()
  for index, name in enumerate(check.z):
    _draw_scores(axes, check, name, index % len(_MARKERS))
  ends = np.array(axes.get_xlim())
  axes.plot(ends, ends, color='0.4', linewidth=1, zorder=0)
  axes.set_xlim(*ends)
  _draw_threshold_band(axes, check)
  axes.set(xlabel='standard normal quantile', ylabel='z-score of difference')
  _style(axes)
  axes.legend(loc='upper left', edgecolor='none', framealpha=0.9)
  verdict = 'no bias found' if check.passed else 'biased'
  summary = f'{verdict}: largest |z| = {check.max_abs_z:.1f}'
  summary += f' over {check.num_draws:,} draws'
  axes.set_title(f'{title}\n{summary}' if title else summary, loc='left')
  _save(figure, path)


def variance_along_run(
  metrics: Sequence[Mapping[str, float]],
  path: str | os.PathLike,
  *,
  group: str = 'encoder',
  title: str = '',
) -> None:
  """Draws the gradient variance of each estimator over the training steps.

  Args:
    metrics: A mapping for each line of a log, with 'step' and the metrics that
      `EstimatorComparison` and `GradientVariance` add to the logs.
    path: The PNG file to write.
    group: The group of parameters.
    title: The title; nothing is written if it is empty.
  Raises:
    ImportError: Without matplotlib.
    ValueError: If no line holds a variance of that group.
  """
  series: dict[str, tuple[list[float], list[float]]] = {}
  for line in metrics:
    for name in line:
      if (label := _label(name, group)) is not None:
        steps, values = series.setdefault(label, ([], []))
        steps.append(line['step'])
        values.append(line[name])
  if not series:
    raise ValueError('Expected at least one series. Received: none')
  figure = _new_figure(7.0, 4.4)
  axes = figure.subplots()
  _draw_lines(axes, series)
  axes.set(
    xlabel='training step',
    ylabel=f'gradient variance per parameter, {group}',
    yscale='log',
  )
  if title:
    axes.set_title(title, loc='left')
  _save(figure, path)


def _new_figure(width: float, height: float) -> mpl_figure.Figure:
  """Returns an empty figure of a size in inches.

  Every function of this module starts here, hence this is the place that
  explains a missing matplotlib.
  """
  try:
    from matplotlib import figure as mpl_figure
    from matplotlib.backends import backend_agg
  except ImportError as error:
    raise ImportError(
      'tf_mco.diagnostics.plots needs matplotlib: pip install "tf-mco[plots]"'
    ) from error
  figure = mpl_figure.Figure(
    figsize=(width, height), dpi=_DPI, layout='constrained'
  )
  backend_agg.FigureCanvasAgg(figure)
  return figure


def _save(figure: mpl_figure.Figure, path: str | os.PathLike) -> None:
  """Writes a PNG file."""
  # 'tight' because the layout cuts labels beside axes of a fixed aspect.
  figure.savefig(path, format='png', bbox_inches='tight', pad_inches=0.08)


def _label(name: str, group: str) -> str | None:
  """Returns the label of a metric in the legend.

  The result is None unless the metric is a variance of the group.
  """
  if name == f'gradient_variance/{group}':
    return 'running estimate'
  start, end = 'basket/', f'/{group}'
  if name.startswith(start) and name.endswith(end):
    return name[len(start) : -len(end)]
  return None


def _draw_lines(
  axes: mpl_axes.Axes,
  series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> None:
  """Draws a line through the points (x, y) of each series, and a legend."""
  for index, (name, (x, y)) in enumerate(series.items()):
    axes.plot(
      *(x, y),
      label=name,
      color=_COLOURS[index % len(_COLOURS)],
      linestyle=_DASHES[index % len(_DASHES)],
      linewidth=1.8,
      marker='o' if len(x) <= _FEW_POINTS else None,
      markersize=4,
    )
  _style(axes)
  if len(series) > _MOST_INSIDE:
    axes.figure.legend(loc='outside right upper', frameon=False)
  else:
    axes.legend(frameon=False)


def _draw_bars(
  axes: mpl_axes.Axes, measured: Mapping[str, statistics.GradientStatistics]
) -> None:
  """Draws horizontal bars on a logarithmic axis, each with its number."""
  from matplotlib import ticker

  variances = np.array([one.variance for one in measured.values()])
  errors = 2 * np.array([one.standard_error for one in measured.values()])
  positive = variances[variances > 0] if variances.any() else np.array([1.0])
  low, high = 10.0 ** np.floor(np.log10(positive.min() / 2)), positive.max()
  axes.set_xscale('log')
  ends = np.maximum(variances, low)  # a bar of no length without variance
  bars = axes.barh(
    np.arange(len(ends)),
    ends - low,
    left=low,
    height=0.62,
    color=_BAR,
    # A logarithm cannot show an end at 0 or below.
    xerr=np.stack([np.minimum(errors, ends - 0.9 * low), errors]),
    error_kw={'ecolor': '0.15', 'elinewidth': 1.2, 'capsize': 3},
  )
  axes.bar_label(
    bars, [f'{v:.3g}' for v in variances], padding=5, fontsize='small'
  )
  # The axis reaches further than the bars, to leave room for the numbers.
  axes.set_xlim(low, max(10 * low, high * (high / low) ** 0.6))
  axes.xaxis.set_major_locator(ticker.LogLocator(numticks=6))
  axes.xaxis.set_major_formatter(ticker.FormatStrFormatter('%g'))
  axes.xaxis.set_minor_formatter(ticker.NullFormatter())
  axes.tick_params(axis='y', length=0)
  _style(axes)
  axes.grid(visible=False, axis='y')


def _draw_scores(
  axes: mpl_axes.Axes, check: bias.BiasCheck, name: str, look: int
) -> None:
  """Draws the scores of one group."""
  z = np.concatenate([np.ravel(array) for array in check.z[name]])
  # A score of 0 belongs to a gradient that never differs, for instance at a
  # pixel that is never set.
  nonzero = np.sort(z[z != 0])
  quantile = normal_statistics.NormalDist().inv_cdf
  mean_z = check.mean_entry_z[name]
  axes.plot(
    [quantile((rank + 0.5) / nonzero.size) for rank in range(nonzero.size)],
    nonzero,
    _MARKERS[look],
    color=_COLOURS[look],
    markersize=4,
    markerfacecolor='none',
    label=f'{name}: {z.size:,} entries, z of their mean {mean_z:.1f}',
  )


def _style(axes: mpl_axes.Axes) -> None:
  axes.grid(color='0.92')
  axes.set_axisbelow(True)
  axes.spines[['top', 'right']].set_visible(False)


def _draw_threshold_band(axes: mpl_axes.Axes, check: bias.BiasCheck) -> None:
  """Shades the band that an unbiased pair stays in, with room around it."""
  limit = check.threshold
  axes.axhspan(-limit, limit, color='0.95', zorder=-1)
  axes.axhline(limit, color='0.3', linestyle='--', linewidth=1)
  axes.axhline(-limit, color='0.3', linestyle='--', linewidth=1)
  text = f'threshold {limit:.1f} (false alarms: {check.false_alarm_rate:g})'
  axes.text(axes.get_xlim()[1], -0.97 * limit, text, ha='right', size='small')
  low, high = axes.get_ylim()
  axes.set_ylim(min(low, -1.3 * limit), max(high, 1.3 * limit))
