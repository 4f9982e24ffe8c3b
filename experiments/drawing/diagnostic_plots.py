"""Figures of gradient variance and bias, as PNG files."""

from collections.abc import Mapping, Sequence
import os
import statistics
from typing import Any

from matplotlib import axes as mpl_axes
from matplotlib import ticker
import numpy as np

from experiments.figures import plots
from experiments.figures import style
from tf_mco import diagnostics

# Of Okabe and Ito's palette; the shapes tell the groups apart in print.
_BAR = '#56B4E9'
_COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7')
_MARKERS = ('o', '^', 's', 'D')


def variance_bars(
  found: Mapping[str, Mapping[str, diagnostics.GradientStatistics]],
  path: str | os.PathLike,
  *,
  title: str = '',
) -> None:
  """Draws the gradient variance of estimators, a panel for each group.

  Args:
    found: what `gradient_statistics` returns, by estimator.
    path: the PNG file.
    title: nothing is written if empty.
  Raises:
    ValueError: if there is no estimator, or two differ in their groups.
  """
  groups = {label: list(one) for label, one in found.items()}
  names = next(iter(groups.values()), [])
  if not names or any(one != names for one in groups.values()):
    raise ValueError(
      f'Expected estimators measured in the same groups. Received: {groups}'
    )
  figure = style.new_figure(1.6 + 2.7 * len(names), 1.3 + 0.36 * len(found))
  panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
  for axes, name in zip(panels, names, strict=True):
    _bars(axes, {label: one[name] for label, one in found.items()})
    axes.set_title(name, loc='left')
  panels[0].set_yticks(range(len(found)), list(found))
  panels[0].invert_yaxis()
  figure.supxlabel('gradient variance per parameter, with 2 standard errors')
  if title:
    figure.suptitle(title, x=0.01, ha='left')
  style.save(figure, path)


def bias_scores(
  check: diagnostics.BiasCheck, path: str | os.PathLike, *, title: str = ''
) -> None:
  """Draws sorted z-scores against normal quantiles, and the threshold.

  The scores of an unbiased estimate lie along the diagonal, inside the band.
  Those that are exactly 0 are left out.

  Args:
    check: of two estimates.
    path: the PNG file.
    title: nothing is written if empty.
  """
  figure = style.new_figure(6.4, 4.8)
  axes = figure.subplots()
  for index, name in enumerate(check.z):
    _scores(axes, check, name, index % len(_MARKERS))
  ends = np.array(axes.get_xlim())
  axes.plot(ends, ends, color='0.4', linewidth=1, zorder=0)
  axes.set_xlim(*ends)
  _threshold_band(axes, check)
  axes.set(xlabel='standard normal quantile', ylabel='z-score of difference')
  _style(axes)
  axes.legend(loc='upper left', edgecolor='none', framealpha=0.9)
  verdict = 'no bias found' if check.passed else 'biased'
  summary = f'{verdict}: largest |z| = {check.max_abs_z:.1f}'
  summary += f' over {check.num_draws:,} draws'
  axes.set_title(f'{title}\n{summary}' if title else summary, loc='left')
  style.save(figure, path)


def variance_along_run(
  metrics: Sequence[Mapping[str, Any]],
  path: str | os.PathLike,
  *,
  group: str = 'encoder',
  title: str = '',
) -> None:
  """Draws the variance of each estimator of a basket over the steps.

  Args:
    metrics: lines with 'step' and what `Basket` and `GradientVariance` log,
      as `runs.directory.read_metrics` returns them.
    path: the PNG file.
    group: of parameters.
    title: nothing is written if empty.
  Raises:
    ValueError: if no line holds a variance of that group.
  """
  series: dict[str, tuple[list[float], list[float]]] = {}
  for line in metrics:
    for name in line:
      if (label := _label(name, group)) is not None:
        steps, values = series.setdefault(label, ([], []))
        steps.append(line['step'])
        values.append(line[name])
  plots.lines(
    series,
    path,
    xlabel='training step',
    ylabel=f'gradient variance per parameter, {group}',
    title=title,
    logy=True,
  )


def _label(name: str, group: str) -> str | None:
  """Returns what to call a metric; None unless it is a variance of a group."""
  if name == f'gradient_variance/{group}':
    return 'running estimate'
  start, end = 'basket/', f'/{group}'
  if name.startswith(start) and name.endswith(end):
    return name[len(start) : -len(end)]
  return None


def _bars(
  axes: mpl_axes.Axes, found: Mapping[str, diagnostics.GradientStatistics]
) -> None:
  """Draws horizontal bars on a logarithmic axis, each with its number."""
  variances = np.array([one.variance for one in found.values()])
  errors = 2 * np.array([one.standard_error for one in found.values()])
  positive = variances[variances > 0] if variances.any() else np.array([1.0])
  low, high = 10.0 ** np.floor(np.log10(positive.min() / 2)), positive.max()
  axes.set_xscale('log')
  shown = np.maximum(variances, low)  # nothing, where there is no variance
  bars = axes.barh(
    np.arange(len(shown)),
    shown - low,
    left=low,
    height=0.62,
    color=_BAR,
    # A logarithm cannot show an end at 0 or below.
    xerr=np.stack([np.minimum(errors, shown - 0.9 * low), errors]),
    error_kw={'ecolor': '0.15', 'elinewidth': 1.2, 'capsize': 3},
  )
  axes.bar_label(
    bars, [f'{v:.3g}' for v in variances], padding=5, fontsize='small'
  )
  # Room for the numbers.
  axes.set_xlim(low, max(10 * low, high * (high / low) ** 0.6))
  axes.xaxis.set_major_locator(ticker.LogLocator(numticks=6))
  axes.xaxis.set_major_formatter(ticker.FormatStrFormatter('%g'))
  axes.xaxis.set_minor_formatter(ticker.NullFormatter())
  axes.tick_params(axis='y', length=0)
  _style(axes)
  axes.grid(visible=False, axis='y')


def _scores(
  axes: mpl_axes.Axes, check: diagnostics.BiasCheck, name: str, look: int
) -> None:
  """Draws the scores of one group."""
  z = np.concatenate([np.ravel(array) for array in check.z[name]])
  # Zeros are gradients that never differ, say at a pixel that is never set.
  drawn = np.sort(z[z != 0])
  normal, mean_z = statistics.NormalDist().inv_cdf, check.mean_entry_z[name]
  axes.plot(
    [normal((rank + 0.5) / drawn.size) for rank in range(drawn.size)],
    drawn,
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


def _threshold_band(axes: mpl_axes.Axes, check: diagnostics.BiasCheck) -> None:
  """Shades what an unbiased pair stays in, and leaves room around it."""
  limit = check.threshold
  axes.axhspan(-limit, limit, color='0.95', zorder=-1)
  axes.axhline(limit, color='0.3', linestyle='--', linewidth=1)
  axes.axhline(-limit, color='0.3', linestyle='--', linewidth=1)
  text = f'threshold {limit:.1f} (false alarms: {check.false_alarm_rate:g})'
  axes.text(axes.get_xlim()[1], -0.97 * limit, text, ha='right', size='small')
  low, high = axes.get_ylim()
  axes.set_ylim(min(low, -1.3 * limit), max(high, 1.3 * limit))
