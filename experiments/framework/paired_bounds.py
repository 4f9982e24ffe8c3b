"""The bound of each test image, and what one model gains over another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
import os
import pathlib
from typing import Any

import numpy as np

from experiments.framework import directory as run_directory
from experiments.framework import report
from experiments.framework import strict_json

_BY_IMAGE = 'by_image.json'


def write(
  directory: run_directory.RunDirectory, **by_image: np.ndarray
) -> None:
  """Writes by_image.json: figures of each test image, `[N]`.

  Args:
    directory: of the run.
    **by_image: by name; `test_bounds`, in nats, is what `read` returns.
  """
  directory.write_json(_BY_IMAGE, by_image)


def read(path: str | os.PathLike) -> np.ndarray:
  """Returns the bound of each test image, `[N]`, of the run in a directory."""
  by_image = strict_json.read_object(pathlib.Path(path) / _BY_IMAGE)
  return np.array(by_image['test_bounds'], np.float64)


def add_gains(
  results: Mapping[str, Sequence[report.Results]],
  paths: Mapping[str, Sequence[pathlib.Path]],
) -> None:
  """Adds to each result what it gains over the first row, image by image.

  The standard error is that of the test images, which the difference of two
  models depends on far less than the bound of either model does. It is not the
  error of training, which only other seeds can tell.

  Args:
    results: of the runs of a row, by its label; one for each seed.
    paths: the directories of the same runs.
  """
  first = [read(path) for path in next(iter(paths.values()))]
  for label, runs in results.items():
    for result, path, base in zip(runs, paths[label], first, strict=True):
      gain = read(path) - base
      result['gain'] = float(gain.mean())
      result['gain_standard_error'] = float(gain.std() / math.sqrt(gain.size))


def gain(result: Mapping[str, Any]) -> str:
  """Returns the cell of a table that says the gain of a run."""
  return f'{result["gain"]:+.2f} ± {result["gain_standard_error"]:.2f}'
