r"""Implicit reparameterization against what came before it, on a Dirichlet.

The cross-entropy E_q[-log p(z)] between two Dirichlet distributions has a known
gradient in q's concentrations, and no entropy term that would hide the noise.
Every method estimates it from one sample: bias (as a z-score), variance over a
range of concentrations, and time; then each minimises KL(q || p) with Adam.

python -m experiments.implicit_dirichlet
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

from absl import app
from absl import flags
import numpy as np
import tabulate

from experiments.drawing import plots
from experiments.implicit import dirichlet_methods
from experiments.implicit import dirichlet_study
from experiments.runs import command_line

CONCENTRATIONS = np.logspace(-2, 3, 11)


def run(
  output_dir: str | os.PathLike,
  *,
  dims: int,
  draws: int,
  steps: int,
  learning_rate: float,
  repeats: int,
  seed: int,
) -> str:
  """Writes variance.png, descent.png and table.md, and returns the table.

  Raises:
    ValueError: for numbers out of range.
  """
  if min(dims, draws) < 2 or min(steps, repeats) < 1 or learning_rate <= 0:
    raise ValueError(
      'Expected dims >= 2, draws >= 2, steps >= 1, repeats >= 1 and a positive '
      f'learning rate. Received: {dims}, {draws}, {steps}, {repeats}, '
      f'{learning_rate}'
    )
  path = pathlib.Path(output_dir)
  path.mkdir(parents=True, exist_ok=True)
  target = dirichlet_study.target(dims, seed)
  rows, variances, descents = [], {}, {}
  for name, method in dirichlet_methods.METHODS.items():
    measured = dirichlet_study.measure(
      method, target, CONCENTRATIONS, draws=draws, seed=seed
    )
    variances[name] = (CONCENTRATIONS, measured.variance)
    distance = dirichlet_study.descend(
      method,
      target,
      steps=steps,
      learning_rate=learning_rate,
      repeats=repeats,
      seed=seed,
    )
    descents[name] = (np.arange(1, steps + 1), distance)
    rows.append([name, *_figures(measured), distance[-1]])
  _draw(path, dims, variances, descents, repeats)
  table = tabulate.tabulate(
    rows, headers=_headers(steps), tablefmt='github', floatfmt='.3g'
  )
  (path / 'table.md').write_text(table + '\n', encoding='utf-8')
  return table


def _figures(measured: dirichlet_study.Measured) -> list[Any]:
  chosen = [np.argmin(abs(CONCENTRATIONS - value)) for value in (0.1, 1, 100)]
  variance = measured.variance[chosen]
  z = measured.z[chosen[1]]
  return [*variance, z, measured.not_finite, measured.microseconds]


def _headers(steps: int) -> list[str]:
  return [
    'one sample',
    'variance at 0.1',
    'at 1',
    'at 100',
    'largest abs(z) of the bias at 1',
    'not finite',
    'µs per gradient',
    f'KL after {steps:,} steps',
  ]


def _draw(
  path: pathlib.Path,
  dims: int,
  variances: dict[str, tuple],
  descents: dict[str, tuple],
  repeats: int,
) -> None:
  plots.lines(
    variances,
    path / 'variance.png',
    xlabel='concentration of q, all components',
    ylabel='variance of the gradient, mean over components',
    title=f'cross-entropy, {dims} components',
    logx=True,
    logy=True,
  )
  plots.lines(
    descents,
    path / 'descent.png',
    xlabel='step of Adam',
    ylabel='KL(q || p), nats',
    title=f'one sample in a step, mean of {repeats} repeats',
    logy=True,
  )


def define_flags() -> None:
  """Defines the flags, once `main` is what runs."""
  flags.DEFINE_integer('dims', 100, 'Components of the distributions.')
  flags.DEFINE_integer('draws', 2000, 'Draws at every concentration.')
  flags.DEFINE_integer('steps', 1000, 'Steps of Adam.')
  flags.DEFINE_float('learning_rate', 0.02, 'Of Adam, on log concentrations.')
  flags.DEFINE_integer('repeats', 10, 'Descents that differ in their noise.')
  flags.DEFINE_integer('seed', 0, 'Of the target and all noise.')
  flags.DEFINE_string(
    'output_dir',
    os.path.join('runs', 'implicit_dirichlet'),
    'Where table and pictures go.',
  )


def _start() -> None:
  values = flags.FLAGS
  table = run(
    values.output_dir,
    dims=values.dims,
    draws=values.draws,
    steps=values.steps,
    learning_rate=values.learning_rate,
    repeats=values.repeats,
    seed=values.seed,
  )
  print(
    f'{values.dims} components, {values.draws:,} draws at each of '
    f'{len(CONCENTRATIONS)} concentrations\n\n{table}\n\nAlso in '
    f'{values.output_dir}'
  )


def main(argv: list[str]) -> None:
  """Reads the flags, prints the table."""
  command_line.run('implicit_dirichlet', argv, _start)


if __name__ == '__main__':
  define_flags()
  app.run(main)
