"""The one-bit problem of the ARM, RELAX and DisARM papers.

E[(b - p0)^2] over b ~ Bernoulli(sigmoid(phi)) has a gradient in phi that is
known exactly; every estimator of a mean is measured against it, at the same
number of evaluations: bias (as a z-score), variance, and what they mean for
gradient ascent.

python -m experiments.toy --output_dir=/tmp/toy
"""

from __future__ import annotations

import os
import pathlib

from absl import app
from absl import flags
import numpy as np
import tabulate

from experiments.binary import one_bit
from experiments.drawing import plots
from experiments.runs import command_line

# P(max of 17 normal |z| > 4) = 1 - (1 - 6.33e-5)^17 = 1.08e-3.
_ONE_IN = 900


def run(
  output_dir: str | os.PathLike,
  *,
  p0: float,
  draws: int,
  steps: int,
  learning_rate: float,
  seed: int,
) -> str:
  """Writes variance.png and ascent.png, and returns the table."""
  if not 0 < p0 < 1 or draws < 2 or steps < 1:
    raise ValueError(
      'Expected 0 < p0 < 1, draws >= 2 and steps >= 1. Received: '
      f'p0={p0}, draws={draws}, steps={steps}'
    )
  path = pathlib.Path(output_dir)
  path.mkdir(parents=True, exist_ok=True)
  rows, variances, ascents = [], {}, {}
  for name, estimator in one_bit.estimators().items():
    found = one_bit.moments(estimator, p0=p0, draws=draws, seed=seed)
    rows.append([name, *_summary(found, p0, draws)])
    drawable = np.where(found.variance > 0, found.variance, np.nan)
    variances[name] = (one_bit.PHIS, drawable)
    values = one_bit.ascend(
      estimator, p0=p0, steps=steps, learning_rate=learning_rate, seed=seed
    )
    ascents[name] = (np.arange(1, steps + 1), values)
  plots.lines(
    variances,
    path / 'variance.png',
    xlabel='logit phi',
    ylabel='variance of the gradient',
    title=f'{one_bit.EVALUATIONS} evaluations, p0 = {p0}',
    logy=True,
  )
  plots.lines(
    ascents,
    path / 'ascent.png',
    xlabel='step',
    ylabel='E[(b - p0)^2]',
    title=f'ascent, mean of {one_bit.REPEATS} repeats',
  )
  headers = [
    'estimator',
    'variance, phi = 0',
    'mean variance',
    'max |z| of bias',
  ]
  return tabulate.tabulate(rows, headers=headers, floatfmt='.3g')


def _summary(
  found: one_bit.Moments, p0: float, draws: int
) -> tuple[float, float, float]:
  """Returns variance at phi = 0, mean variance, and the largest |z|."""
  bias = np.abs(found.mean - one_bit.exact_gradient(one_bit.PHIS, p0))
  error = np.sqrt(found.variance / draws)
  # A constant is right, or wrong at infinitely many standard errors.
  constant = np.where(bias < 1e-12, 0.0, np.inf)
  z = np.divide(bias, error, out=constant, where=error > 0)
  middle = len(one_bit.PHIS) // 2
  return found.variance[middle], found.variance.mean(), z.max()


def define_flags() -> None:
  """Defines the flags, once `main` is what runs."""
  flags.DEFINE_float('p0', 0.49, 'The target, in (0, 1).')
  flags.DEFINE_integer('draws', 200_000, 'Draws at every phi.')
  flags.DEFINE_integer('steps', 2000, 'Steps of gradient ascent.')
  flags.DEFINE_float('learning_rate', 1.0, 'Of the ascent.')
  flags.DEFINE_integer('seed', 0, 'Of all noise.')
  flags.DEFINE_string(
    'output_dir', os.path.join('runs', 'toy'), 'Where the pictures go.'
  )


def _start() -> None:
  values = flags.FLAGS
  table = run(
    values.output_dir,
    p0=values.p0,
    draws=values.draws,
    steps=values.steps,
    learning_rate=values.learning_rate,
    seed=values.seed,
  )
  print(
    f'p0 = {values.p0}, {one_bit.EVALUATIONS} evaluations, {values.draws:,} '
    f'draws at {len(one_bit.PHIS)} values of phi\n\n{table}\n\nAn unbiased '
    f'estimator has max |z| above 4 once in {_ONE_IN:,} runs.\nPictures: '
    f'{values.output_dir}'
  )


def main(argv: list[str]) -> None:
  """Reads the flags, prints the table."""
  command_line.run('toy', argv, _start)


if __name__ == '__main__':
  define_flags()
  app.run(main)
