"""Several runs side by side: trained one after the other, then tabled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
import math
import pathlib
from typing import Any, TypeVar

import keras
import numpy as np
import tabulate

from experiments.drawing import plots
from experiments.runs import directory as run_directory
from experiments.runs import settings as run_settings

_S = TypeVar('_S', bound=run_settings.RunSettings)
# Results of runs by the label of their row, one for each seed.
Results = Mapping[str, Sequence[Mapping[str, Any]]]


def known(labels: Iterable[str], rows: Mapping[str, Any], flag: str) -> None:
  """Raises ValueError for a label without a row."""
  unknown = sorted(set(labels) - set(rows))
  if unknown:
    raise ValueError(
      f'Unknown --{flag}. Expected some of {list(rows)}. Received: {unknown}'
    )


def train_all(
  plan: Mapping[str, Sequence[_S]],
  train: Callable[[_S, str], dict[str, Any]],
  output_dir: pathlib.Path,
) -> dict[str, list[dict[str, Any]]]:
  """Trains what is not trained yet, and returns the results.

  Args:
    plan: the settings of the runs of a row, by its label; one for each seed.
    train: from settings and a directory to results, at once for a run that is
      finished.
    output_dir: each run has a directory in it.
  """
  results: dict[str, list[dict[str, Any]]] = {}
  for label, runs in plan.items():
    for settings in runs:
      print(f'\n{label}, seed {settings.seed}')
      found = train(settings, str(output_dir / settings.label))
      results.setdefault(label, []).append(found)
      keras.backend.clear_session()
  return results


def curves(
  plan: Mapping[str, Sequence[_S]],
  output_dir: pathlib.Path,
  metric: str = 'valid_bound',
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Returns steps and a metric by row, averaged over the seeds.

  A row ends where the first of its seeds stopped.
  """
  found = {}
  for label, runs in plan.items():
    metrics = [
      run_directory.read_metrics(output_dir / settings.label)
      for settings in runs
    ]
    common = min(map(len, metrics))
    steps = np.array([line['step'] for line in metrics[0][:common]])
    values = [[line[metric] for line in lines[:common]] for lines in metrics]
    found[label] = steps, np.mean(values, axis=0)
  return found


def add_gains(
  results: Mapping[str, Sequence[dict[str, Any]]],
  bounds: Mapping[str, Sequence[np.ndarray]],
) -> None:
  """Adds to each result what it gains over the first row, image by image.

  The standard error is that of the test images, which the difference of two
  models depends on far less than the bound of either; not that of training.
  """
  first = next(iter(bounds.values()))
  for label, runs in results.items():
    for one, mine, base in zip(runs, bounds[label], first, strict=True):
      gain = mine - base
      one['gain'] = float(gain.mean())
      one['gain_standard_error'] = float(gain.std() / math.sqrt(gain.size))


def table(
  results: Results,
  columns: Mapping[str, Callable[[Mapping[str, Any]], str]],
  corner: str,
) -> str:
  """Returns a Markdown table: one row per label, all seeds in a cell.

  Args:
    results: by the label of the row.
    columns: from the results of a run to what a cell says, by its header.
    corner: the header of the labels.
  """
  rows = [
    [label, *(' / '.join(map(cell, runs)) for cell in columns.values())]
    for label, runs in results.items()
  ]
  return tabulate.tabulate(
    rows,
    headers=[corner, *columns],
    tablefmt='github',
    disable_numparse=True,
  )


def number(name: str, form: str) -> Callable[[Mapping[str, Any]], str]:
  """Returns the cell of one figure, '-' where it is absent."""

  def cell(results: Mapping[str, Any]) -> str:
    value = results.get(name)
    return '-' if value is None else format(value, form)

  return cell


def write(
  text: str,
  found: Mapping[str, tuple[np.ndarray, np.ndarray]],
  output_dir: pathlib.Path,
  *,
  ylabel: str,
  title: str,
) -> str:
  """Writes comparison.md and comparison.png, and returns the table.

  Args:
    text: the table.
    found: the curves.
    output_dir: where to.
    ylabel: what the curves show.
    title: of the figure.
  """
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    found,
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel=ylabel,
    title=title,
  )
  return text
