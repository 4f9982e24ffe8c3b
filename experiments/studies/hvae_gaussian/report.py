"""Table and figure of the Gaussian study of the Hamiltonian VAE."""

from __future__ import annotations

from collections.abc import Mapping
import pathlib
from typing import Any, NamedTuple

import tabulate

from experiments.figures import style
from experiments.studies.hvae_gaussian import methods
from experiments.studies.hvae_gaussian import settings as hvae_settings

# What the methods are compared with; it stands among them in the results.
REFERENCE = 'maximum_likelihood'
_MEASURES = {
  'delta_error': 'squared error of Delta, summed over D',
  'sigma_error': 'squared error of sigma, summed over D',
  'gap': 'log p(x) - ELBO at the end, nats',
}


class Task(NamedTuple):
  """One line of the results: a method at a dimension."""

  dims: int
  method: str


# The lines of the results, by task.
Results = Mapping[Task, Mapping[str, Any]]


def tables(
  results: Results, settings: hvae_settings.HvaeGaussianSettings
) -> str:
  """Returns a table for each measure, all tasks being finished."""
  parts = [
    f'Means over {settings.repeats} data sets of {settings.num_points:,} '
    f'points, after {settings.iterations:,} iterations; ± is the standard '
    'error. All points share one z, which Delta cannot be told from: where the '
    'likelihood is largest, Delta is off by z, its squared error by about D.'
  ]
  for measure, title in _MEASURES.items():
    rows = [
      [
        _label(name),
        *(_cell(results[Task(d, name)], measure) for d in settings.dims),
      ]
      for name in _names(settings)
    ]
    headers = ['method', *(f'D = {dims}' for dims in settings.dims)]
    table = tabulate.tabulate(
      rows, headers=headers, tablefmt='github', disable_numparse=True
    )
    parts += [f'## {title}', table]
  return '\n\n'.join(parts)


def plot(
  results: Results,
  settings: hvae_settings.HvaeGaussianSettings,
  path: pathlib.Path,
) -> None:
  """Writes `error.png`: the errors against the dimension."""
  figure = style.new_figure(11.0, 4.2)
  for axes, measure in zip(
    figure.subplots(1, 2), ('delta_error', 'sigma_error'), strict=True
  ):
    series = {
      _label(name): (
        list(settings.dims),
        [results[Task(dims, name)][measure] for dims in settings.dims],
      )
      for name in _names(settings)
    }
    for legend in list(figure.legends):
      legend.remove()  # Both panels have the same legend, and one will do.
    style.plot_lines(axes, series)
    axes.set(xscale='log', yscale='log', xlabel='dimension D')
    axes.set_title(_MEASURES[measure], loc='left')
  style.save(figure, path / 'error.png')


def _names(settings: hvae_settings.HvaeGaussianSettings) -> list[str]:
  return [*settings.methods, REFERENCE]


def _label(name: str) -> str:
  if name == REFERENCE:
    return 'maximum likelihood'
  return methods.METHODS[name].label


def _cell(line: Mapping[str, Any], measure: str) -> str:
  return f'{line[measure]:.4g} ± {line[f"{measure}_error"]:.1g}'
