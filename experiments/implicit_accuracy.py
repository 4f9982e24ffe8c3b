r"""How exact the derivative of a Gamma sample is, ours and TensorFlow's.

d log x / d alpha at fixed F(x; alpha), for concentrations from 1e-3 to 1e4 and
x at the quantiles 0.01, 0.5 and 0.99, against numerical differentiation of the
CDF with 40 digits.

python -m experiments.implicit_accuracy
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

from absl import app
from absl import flags
import mpmath
import numpy as np
import tabulate
import tensorflow as tf

from experiments.drawing import plots
from experiments.runs import command_line
from tf_mco.distributions.numerics import gamma as gamma_numerics

QUANTILES = (0.01, 0.5, 0.99)
_DIGITS = 40


def quantile(alpha: float, probability: float) -> float:
  """Returns log x with F(x; alpha) = probability, to a few digits."""
  with mpmath.workdps(_DIGITS):
    target = mpmath.mpf(probability)
    # In log x, F is increasing and between these bounds.
    low = (mpmath.log(target) + mpmath.loggamma(alpha + 1)) / alpha
    high = max(low, mpmath.log(alpha)) + 12
    for _ in range(40):
      middle = (low + high) / 2
      below = _cdf(mpmath.mpf(alpha), middle) < target
      low, high = (middle, high) if below else (low, middle)
    return float((low + high) / 2)


def _cdf(alpha: Any, log_x: Any) -> Any:
  return mpmath.gammainc(alpha, 0, mpmath.exp(log_x), regularized=True)


def reference(alpha: float, log_x: float) -> float:
  """Returns -(dF / d alpha) / (x q(x)), by central differences."""
  with mpmath.workdps(_DIGITS):
    a, log = mpmath.mpf(alpha), mpmath.mpf(log_x)
    step = a * mpmath.mpf(10) ** -12
    slope = (_cdf(a + step, log) - _cdf(a - step, log)) / (2 * step)
    log_density = a * log - mpmath.exp(log) - mpmath.loggamma(a)
    return float(-slope / mpmath.exp(log_density))


def ours(alpha: np.ndarray, log_x: np.ndarray, dtype: Any) -> np.ndarray:
  """Returns our derivative, as a sample of that dtype gets it."""
  alpha, log_x = tf.constant(alpha, dtype), tf.constant(log_x, dtype)
  with tf.GradientTape() as tape:
    tape.watch(alpha)
    value = gamma_numerics.with_path_gradient(alpha, log_x, quality=dtype)
  return tape.gradient(value, alpha).numpy()


def tensorflow(
  alpha: np.ndarray, log_x: np.ndarray, dtype: Any, *, jit: bool
) -> np.ndarray:
  """Returns that of TensorFlow's kernel, over x."""

  @tf.function(jit_compile=jit)
  def derivative(alpha: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.RandomGammaGrad(alpha=alpha, sample=x) / x

  x = tf.exp(tf.constant(log_x, dtype))
  return derivative(tf.constant(alpha, dtype), x).numpy()


def run(output_dir: str | os.PathLike, *, points: int) -> str:
  """Writes accuracy.png and accuracy.md, and returns the table.

  Raises:
    ValueError: for fewer than two points.
  """
  if points < 2:
    raise ValueError(f'Expected at least 2 points. Received: {points}')
  path = pathlib.Path(output_dir)
  path.mkdir(parents=True, exist_ok=True)
  curves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
  for dtype in (tf.float32, tf.float64):
    # Numbers that the dtype holds, so that rounding them is nobody's error.
    alpha = np.logspace(-3, 4, points).astype(dtype.as_numpy_dtype)
    grid = [
      (float(a), np.float64(dtype.as_numpy_dtype(quantile(float(a), p))))
      for a in alpha
      for p in QUANTILES
    ]
    exact = np.array([reference(a, log_x) for a, log_x in grid])
    alphas, logs = np.array(grid).T
    for name, found in {
      'ours': ours(alphas, logs, dtype),
      'TensorFlow': tensorflow(alphas, logs, dtype, jit=False),
      'TensorFlow, jit': tensorflow(alphas, logs, dtype, jit=True),
    }.items():
      error = np.abs(found / exact - 1).reshape(points, len(QUANTILES))
      # A NaN is no small error.
      worst = np.where(np.isfinite(error), error, np.inf).max(axis=1)
      curves[f'{name}, {dtype.name}'] = (alpha, worst)
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


def _table(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> str:
  """Returns the worst errors by range of the concentration."""
  ranges = [(1e-3, 0.1), (0.1, 1e2), (1e2, 1e3), (1e3, 1e4)]
  rows = []
  for name, (alpha, worst) in curves.items():
    row: list[Any] = [name]
    for low, high in ranges:
      inside = (alpha >= low * (1 - 1e-6)) & (alpha <= high * (1 + 1e-6))
      value = worst[inside].max() if inside.any() else np.nan
      row.append(f'{value:.1e}' if np.isfinite(value) else 'NaN')
    rows.append(row)
  headers = ['worst relative error']
  headers += [f'{low:g} to {high:g}' for low, high in ranges]
  return tabulate.tabulate(
    rows, headers=headers, tablefmt='github', disable_numparse=True
  )


def define_flags() -> None:
  """Defines the flags, once `main` is what runs."""
  flags.DEFINE_integer('points', 29, 'Concentrations, from 1e-3 to 1e4.')
  flags.DEFINE_string(
    'output_dir',
    os.path.join('runs', 'implicit_accuracy'),
    'Where table and picture go.',
  )


def _start() -> None:
  values = flags.FLAGS
  table = run(values.output_dir, points=values.points)
  print(f'{table}\n\nAlso in {values.output_dir}')


def main(argv: list[str]) -> None:
  """Reads the flags, prints the table."""
  command_line.run('implicit_accuracy', argv, _start)


if __name__ == '__main__':
  define_flags()
  app.run(main)
