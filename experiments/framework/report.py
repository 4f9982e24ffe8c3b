"""Names and standard errors of figures, and the table that a run ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

import numpy as np
import tabulate

# What `results.json` holds, by name.
Results = dict[str, Any]


def mean_and_error(name: str, values: np.ndarray) -> dict[str, float]:
  """Returns a mean and its standard error, under `name` and `name`_....

  Args:
    name: of the figure.
    values: `[N]`, one of each image.
  """
  return {
    name: float(values.mean()),
    f'{name}_standard_error': float(values.std() / math.sqrt(values.size)),
  }


def with_error(results: Mapping[str, Any], name: str) -> str:
  """Returns a mean with its standard error, as `mean_and_error` named them."""
  return f'{results[name]:.2f} ± {results[f"{name}_standard_error"]:.2f}'


def speed(results: Mapping[str, Any], form: str = '.0f') -> tuple[str, str]:
  """Returns the row of a table that says how fast the run was trained."""
  rate = results['steps_per_second']
  return 'training steps/s', format(rate, form) if rate else 'not measured'


def table(rows: Sequence[tuple[str, str]], label: str, step: int) -> str:
  """Returns the table that a run ends with.

  Args:
    rows: names of figures, and what they are.
    label: of the run.
    step: the training step of the model that was measured.
  """
  return tabulate.tabulate(
    rows, headers=[label, f'step {step:,}'], disable_numparse=True
  )
