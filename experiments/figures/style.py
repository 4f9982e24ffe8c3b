"""The look of the figures: colours, lines, legends, limits."""

from collections.abc import Mapping, Sequence
import os

from matplotlib import axes as mpl_axes
from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import numpy as np

DPI = 144
# Colour-blind readers can tell the colours of Okabe and Ito apart. Their yellow
# is left out, because it is hard to see on white. Dashes tell the lines apart
# in print.
_COLOURS = (
  *('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00'),
  '#000000',
)
_DASHES = ('-', '--', '-.', ':')
# A line with at most this many points shows them one by one.
_FEW_POINTS = 30
# A legend of more entries stands outside, where it hides no lines.
_MOST_INSIDE = 4
# This share of a curve may leave the figure at its lower edge, because the
# first steps lie hundreds of nats below the rest.
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
    # The figure may have other axes, which are not in this legend.
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
  """Lets the first steps leave the figure, so that the later ones are seen."""
  x, y = (np.concatenate(part) for part in zip(*curves, strict=True))
  later = y[np.isfinite(y) & (x >= x.min() + _WARM_UP * np.ptp(x))]
  if later.size < 2 or not np.ptp(later):
    return
  margin = 0.05 * np.ptp(later)
  axes.set_ylim(later.min() - margin, y[np.isfinite(y)].max() + margin)


def save(figure: mpl_figure.Figure, path: str | os.PathLike) -> None:
  """Writes a PNG file."""
  # Without 'tight' the layout cuts labels beside axes of a fixed aspect.
  figure.savefig(path, format='png', bbox_inches='tight', pad_inches=0.08)
