"""The study `implicit_accuracy`."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import tabulate
import tensorflow as tf

from experiments.figures import plots
from experiments.framework import settings as settings_lib
from experiments.framework import study
from experiments.studies.implicit_accuracy import derivatives

# Concentrations, and the worst relative error at each, by what computed it.
_Curves = dict[str, tuple[np.ndarray, np.ndarray]]
_RANGES = [(1e-3, 0.1), (0.1, 1e2), (1e2, 1e3), (1e3, 1e4)]


@dataclasses.dataclass(frozen=True)
class AccuracySettings(settings_lib.Settings):
  """The settings of the study, one field for each flag."""

  points: int = settings_lib.setting(29, 'Concentrations, from 1e-3 to 1e4.')

  def __post_init__(self) -> None:
    super().__post_init__()
    if self.points < 2:
      raise ValueError(f'Expected at least 2 points. Received: {self.points}')


class AccuracyStudy(study.Study[AccuracySettings]):
  """Compares derivatives of Gamma samples with a reference of 40 digits."""

  name = 'implicit_accuracy'
  settings = AccuracySettings
  output_help = 'Where table and picture go.'

  def run(
    self, settings: AccuracySettings, output_dir: str | os.PathLike
  ) -> str:
    """Writes accuracy.png and accuracy.md, and returns the table."""
    path = study.make_directory(output_dir)
    curves: _Curves = {}
    for dtype in (tf.float32, tf.float64):
      curves |= _errors(settings.points, dtype)
    plots.lines(
      {
        name: (alpha, np.where(np.isfinite(worst), worst.clip(1e-17), np.nan))
        for name, (alpha, worst) in curves.items()
      },
      path / 'accuracy.png',
      xlabel='concentration',
      ylabel='relative error of d log x / d alpha',
      title='worst of three quantiles; a gap is NaN',
      logx=True,
      logy=True,
    )
    table = _table(curves)
    (path / 'accuracy.md').write_text(table + '\n', encoding='utf-8')
    return table


def _errors(points: int, dtype: tf.DType) -> _Curves:
  """Returns the worst error of three quantiles, in one dtype."""
  # The concentrations are numbers that the dtype holds, so that rounding them
  # is nobody's error.
  alpha = np.logspace(-3, 4, points).astype(dtype.as_numpy_dtype)
  grid = [
    (
      float(a),
      np.float64(dtype.as_numpy_dtype(derivatives.quantile(float(a), p))),
    )
    for a in alpha
    for p in derivatives.QUANTILES
  ]
  exact = np.array([derivatives.reference(a, log_x) for a, log_x in grid])
  alphas, logs = np.array(grid).T
  curves = {}
  for name, slope in {
    'ours': derivatives.ours(alphas, logs, dtype),
    'TensorFlow': derivatives.tensorflow(alphas, logs, dtype, jit=False),
    'TensorFlow, jit': derivatives.tensorflow(alphas, logs, dtype, jit=True),
  }.items():
    error = np.abs(slope / exact - 1).reshape(
      points, len(derivatives.QUANTILES)
    )
    # A NaN counts as an infinite error.
    worst = np.where(np.isfinite(error), error, np.inf).max(axis=1)
    curves[f'{name}, {dtype.name}'] = (alpha, worst)
  return curves


def _table(curves: _Curves) -> str:
  """Returns the worst errors by range of the concentration."""
  rows = []
  for name, (alpha, worst) in curves.items():
    row: list[str] = [name]
    for low, high in _RANGES:
      inside = (alpha >= low * (1 - 1e-6)) & (alpha <= high * (1 + 1e-6))
      value = worst[inside].max() if inside.any() else np.nan
      row.append(f'{value:.1e}' if np.isfinite(value) else 'NaN')
    rows.append(row)
  headers = ['worst relative error']
  headers += [f'{low:g} to {high:g}' for low, high in _RANGES]
  return tabulate.tabulate(
    rows, headers=headers, tablefmt='github', disable_numparse=True
  )


STUDY = AccuracyStudy()
