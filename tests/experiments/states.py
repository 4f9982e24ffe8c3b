"""Comparisons of runs, bit for bit, and runs that only seem to be trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import pathlib
import shutil
from typing import Any

import numpy as np

from experiments.framework import report
from experiments.framework import run as run_lib


def values(variables: Sequence[Any]) -> list[np.ndarray]:
  """Returns the values of variables."""
  return [np.asarray(variable) for variable in variables]


def assert_equal(
  one: Sequence[np.ndarray], other: Sequence[np.ndarray]
) -> None:
  """Fails unless all arrays are equal bit for bit."""
  for a, b in zip(one, other, strict=True):
    np.testing.assert_array_equal(a, b)


def assert_same_run(one: run_lib.Run, other: run_lib.Run) -> None:
  """Fails unless weights, optimizers and metrics are equal bit for bit."""
  states = [
    values([*run.model.variables, *run.model.optimizer.variables])
    for run in (one, other)
  ]
  assert_equal(*states)
  lines = [(run.path / 'metrics.jsonl').read_bytes() for run in (one, other)]
  assert lines[0] == lines[1]


def copy_of(
  path: pathlib.Path, results: report.Results
) -> Callable[..., report.Results]:
  """Returns what stands in for `Experiment.run`: it copies a finished run.

  A comparison then reads the files and results that runs really have, and no
  model is trained.
  """

  def run(
    settings: Any, output_dir: Any, sources: Any = None
  ) -> report.Results:
    del settings, sources
    shutil.copytree(path, output_dir)
    return dict(results)

  return run
