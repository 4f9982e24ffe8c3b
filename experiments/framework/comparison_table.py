"""The table and the curves of runs that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import pathlib
from typing import Any

import numpy as np
import tabulate

from experiments.framework import directory as run_directory
from experiments.framework import report

# Results of runs by the label of their row, one for each seed.
Rows = Mapping[str, Sequence[report.Results]]
# From the results of a run to what a cell says, by the header of its column.
Columns = Mapping[str, Callable[[Mapping[str, Any]], str]]


def table(rows: Rows, columns: Columns, corner: str) -> str:
  """Returns a Markdown table: one row per label, all seeds in a cell.

  Args:
    rows: the results.
    columns: what the cells say.
    corner: the header of the labels.
  """
  cells = [
    [label, *(' / '.join(map(cell, runs)) for cell in columns.values())]
    for label, runs in rows.items()
  ]
  return tabulate.tabulate(
    cells,
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


def common(rows: Rows, names: Sequence[str], what: str) -> tuple:
  """Returns the values of figures that all results of a table must share.

  Args:
    rows: the results.
    names: of the figures.
    what: the figures in words, for the error.
  Raises:
    ValueError: if two results differ in one of the figures.
  """
  kinds = {
    tuple(result[name] for name in names)
    for runs in rows.values()
    for result in runs
  }
  if len(kinds) != 1:
    raise ValueError(
      f'Results of one table must agree in {what}. Received: {sorted(kinds)}'
    )
  return kinds.pop()


def curves(
  paths: Mapping[str, Sequence[pathlib.Path]], metric: str
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Returns steps and a metric by row, averaged over the seeds.

  A row ends where the first of its seeds stopped.

  Args:
    paths: the directories of the runs of each row.
    metric: a name in the lines of metrics.jsonl.
  """
  series = {}
  for label, directories in paths.items():
    metrics = [run_directory.read_metrics(path) for path in directories]
    common_length = min(map(len, metrics))
    steps = np.array([line['step'] for line in metrics[0][:common_length]])
    values = [
      [line[metric] for line in lines[:common_length]] for lines in metrics
    ]
    series[label] = steps, np.mean(values, axis=0)
  return series
