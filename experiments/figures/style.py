"""The look of the figures: colours, lines, legends, limits."""

from collections.abc import Mapping, Sequence
import os

from matplotlib import axes as mpl_axes
from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

DPI = 144
# Okabe and Ito's colours, which colour-blind readers tell apart, without their
# yellow, which is hard to see on white. Dashes tell them apart in print.
_COLOURS = (
  *('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00'),
  '#000000',
)
_DASHES = ('-', '--', '-.', ':')
# Points that few are shown one by one.
_FEW_POINTS = 30
# A longer legend would hide the lines.
_MOST_INSIDE = 4
# The share of a curve that may leave the figure below: the first steps lie
# hundreds of nats under what one wants to see.
_WARM_UP = 0.05


def new_figure(width: float, height: float) -> mpl_figure.Figure:
  """Returns an empty figure of a size in inches."""
  figure = mpl_figure.Figure(
    figsize=(width, height), dpi=DPI, layout='constrained'
  )
  backend_agg.FigureCanvasAgg(figure)
  return figure


def plot_lines(
  axes: mpl_axes.Axes,
  series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> None:
  """Draws lines, and a legend unless their names are empty."""
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
  axes.grid(color='0.9')
  axes.set_axisbelow(True)
  axes.spines[['top', 'right']].set_visible(False)
  if len(series) > _MOST_INSIDE:
    # Of these axes alone, which may not be the only ones.
    axes.figure.legend(
      *axes.get_legend_handles_labels(),
      loc='outside right upper',
      frameon=False,
    )
  elif any(series):
    axes.legend(frameon=False)


def leave_out_warm_up(
  axes: mpl_axes.Axes, curves: Sequence[tuple[list[float], list[float]]]
) -> None:
  """Lets the first steps leave the figure below, for the sake of the later."""
  x, y = (np.concatenate(part) for part in zip(*curves, strict=True))
  kept = y[np.isfinite(y) & (x >= x.min() + _WARM_UP * np.ptp(x))]
  if kept.size < 2 or not np.ptp(kept):
    return
  margin = 0.05 * np.ptp(kept)
  axes.set_ylim(kept.min() - margin, y[np.isfinite(y)].max() + margin)


def save(figure: mpl_figure.Figure, path: str | os.PathLike) -> None:
  """Writes a PNG file."""
  # 'tight' because the layout cuts labels beside axes of a fixed aspect.
  figure.savefig(path, format='png', bbox_inches='tight', pad_inches=0.08)
