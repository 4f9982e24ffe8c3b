"""The study `implicit_dirichlet`."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import Any

import numpy as np
import tabulate

from experiments.figures import plots
from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.framework import study
from experiments.studies.implicit_dirichlet import measures
from experiments.studies.implicit_dirichlet import methods

CONCENTRATIONS = np.logspace(-2, 3, 11)
# Those that the table has columns for.
_SHOWN = (0.1, 1, 100)


@dataclasses.dataclass(frozen=True)
class DirichletSettings(settings_lib.Settings):
  """The settings of the study, one field for each flag."""

  dims: int = settings_lib.setting(100, 'Components of the distributions.')
  draws: int = settings_lib.setting(2000, 'Draws at every concentration.')
  steps: int = settings_lib.setting(1000, 'Steps of Adam.')
  learning_rate: float = settings_lib.setting(
    0.02, 'Learning rate of Adam, on log concentrations.'
  )
  repeats: int = settings_lib.setting(
    10, 'Descents that differ in their noise.'
  )
  seed: int = settings_lib.setting(
    0,
    'Seed of the target and all noise.',
    at_least=0,
    at_most=setting_rules.MAX_SEED,
  )

  def __post_init__(self) -> None:
    super().__post_init__()
    if (
      min(self.dims, self.draws) < 2
      or min(self.steps, self.repeats) < 1
      or self.learning_rate <= 0
    ):
      raise ValueError(
        'Expected dims >= 2, draws >= 2, steps >= 1, repeats >= 1 and a '
        f'positive learning rate. Received: {self.dims}, {self.draws}, '
        f'{self.steps}, {self.repeats}, {self.learning_rate}'
      )


class DirichletStudy(study.Study[DirichletSettings]):
  """Measures bias, variance and time of gradients, and descends by them."""

  name = 'implicit_dirichlet'
  settings = DirichletSettings
  output_help = 'Where table and pictures go.'

  def run(
    self, settings: DirichletSettings, output_dir: str | os.PathLike
  ) -> str:
    """Writes variance.png, descent.png and table.md, and returns the table."""
    path = study.make_directory(output_dir)
    target = measures.target(settings.dims, settings.seed)
    rows, variances, descents = [], {}, {}
    for name, method in methods.METHODS.items():
      quality = measures.measure(
        method,
        target,
        CONCENTRATIONS,
        draws=settings.draws,
        seed=settings.seed,
      )
      variances[name] = (CONCENTRATIONS, quality.variance)
      distance = measures.descend(
        method,
        target,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        repeats=settings.repeats,
        seed=settings.seed,
      )
      descents[name] = (np.arange(1, settings.steps + 1), distance)
      rows.append([name, *_figures(quality), distance[-1]])
    _plot(path, settings, variances, descents)
    table = tabulate.tabulate(
      rows,
      headers=_headers(settings.steps),
      tablefmt='github',
      floatfmt='.3g',
    )
    (path / 'table.md').write_text(table + '\n', encoding='utf-8')
    return table

  def summary(
    self,
    settings: DirichletSettings,
    tables: str,
    output_dir: str,
    cpu_seconds: float,
  ) -> str:
    """Returns the table, below what it is about."""
    del cpu_seconds
    return (
      f'{settings.dims} components, {settings.draws:,} draws at each of '
      f'{len(CONCENTRATIONS)} concentrations\n\n{tables}\n\nAlso in '
      f'{output_dir}'
    )


def _figures(quality: measures.GradientQuality) -> list[Any]:
  """Returns a row of the table, but for its first and its last cell."""
  shown = [np.argmin(abs(CONCENTRATIONS - value)) for value in _SHOWN]
  variance = quality.variance[shown]
  z = quality.z[shown[1]]
  return [*variance, z, quality.not_finite, quality.microseconds]


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


def _plot(
  path: pathlib.Path,
  settings: DirichletSettings,
  variances: dict[str, tuple],
  descents: dict[str, tuple],
) -> None:
  plots.lines(
    variances,
    path / 'variance.png',
    xlabel='concentration of q, all components',
    ylabel='variance of the gradient, mean over components',
    title=f'cross-entropy, {settings.dims} components',
    logx=True,
    logy=True,
  )
  plots.lines(
    descents,
    path / 'descent.png',
    xlabel='step of Adam',
    ylabel='KL(q || p), nats',
    title=f'one sample in a step, mean of {settings.repeats} repeats',
    logy=True,
  )


STUDY = DirichletStudy()
