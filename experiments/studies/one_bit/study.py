"""The study `toy`: every estimator of a mean on one bit."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import tabulate

from experiments.figures import plots
from experiments.framework import setting_rules
from experiments.framework import settings as settings_lib
from experiments.framework import study
from experiments.studies.one_bit import problem

# P(max of 17 normal |z| > 4) = 1 - (1 - 6.33e-5)^17 = 1.08e-3.
_ONE_IN = 900


@dataclasses.dataclass(frozen=True)
class OneBitSettings(settings_lib.Settings):
  """The settings of the study, one field for each flag."""

  p0: float = settings_lib.setting(0.49, 'The target, in (0, 1).')
  draws: int = settings_lib.setting(200_000, 'Draws at every phi.')
  steps: int = settings_lib.setting(2000, 'Steps of gradient ascent.')
  learning_rate: float = settings_lib.setting(
    1.0, 'Learning rate of the ascent.', rate=True
  )
  seed: int = settings_lib.setting(
    0, 'Seed of all noise.', at_least=0, at_most=setting_rules.MAX_SEED
  )

  def __post_init__(self) -> None:
    super().__post_init__()
    if not 0 < self.p0 < 1 or self.draws < 2 or self.steps < 1:
      raise ValueError(
        'Expected 0 < p0 < 1, draws >= 2 and steps >= 1. Received: '
        f'p0={self.p0}, draws={self.draws}, steps={self.steps}'
      )


class OneBitStudy(study.Study[OneBitSettings]):
  """Measures bias and variance of gradients, and ascends along them."""

  name = 'toy'
  settings = OneBitSettings
  output_help = 'Where the pictures go.'

  def run(self, settings: OneBitSettings, output_dir: str | os.PathLike) -> str:
    """Writes variance.png and ascent.png, and returns the table."""
    path = study.make_directory(output_dir)
    rows, variances, ascents = [], {}, {}
    for name, estimator in problem.estimators().items():
      moments = problem.gradient_moments(
        estimator, p0=settings.p0, draws=settings.draws, seed=settings.seed
      )
      rows.append([name, *_summary(moments, settings)])
      drawable = np.where(moments.variance > 0, moments.variance, np.nan)
      variances[name] = (problem.PHIS, drawable)
      values = problem.ascend(
        estimator,
        p0=settings.p0,
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        seed=settings.seed,
      )
      ascents[name] = (np.arange(1, settings.steps + 1), values)
    plots.lines(
      variances,
      path / 'variance.png',
      xlabel='logit phi',
      ylabel='variance of the gradient',
      title=f'{problem.EVALUATIONS} evaluations, p0 = {settings.p0}',
      logy=True,
    )
    plots.lines(
      ascents,
      path / 'ascent.png',
      xlabel='step',
      ylabel='E[(b - p0)^2]',
      title=f'ascent, mean of {problem.REPEATS} repeats',
    )
    headers = [
      'estimator',
      'variance, phi = 0',
      'mean variance',
      'max |z| of bias',
    ]
    return tabulate.tabulate(rows, headers=headers, floatfmt='.3g')

  def summary(
    self,
    settings: OneBitSettings,
    tables: str,
    output_dir: str,
    cpu_seconds: float,
  ) -> str:
    """Returns the table, and how to read it."""
    del cpu_seconds
    return (
      f'p0 = {settings.p0}, {problem.EVALUATIONS} evaluations, '
      f'{settings.draws:,} draws at {len(problem.PHIS)} values of phi\n\n'
      f'{tables}\n\nAn unbiased estimator has max |z| above 4 once in '
      f'{_ONE_IN:,} runs.\nPictures: {output_dir}'
    )


def _summary(
  moments: problem.GradientMoments, settings: OneBitSettings
) -> tuple[float, float, float]:
  """Returns variance at phi = 0, mean variance, and the largest |z|."""
  exact = problem.exact_gradient(problem.PHIS, settings.p0)
  bias = np.abs(moments.mean - exact)
  error = np.sqrt(moments.variance / settings.draws)
  # An estimate without variance is right, or infinitely many standard errors
  # away from the exact gradient.
  constant = np.where(bias < 1e-12, 0.0, np.inf)
  z = np.divide(bias, error, out=constant, where=error > 0)
  middle = len(problem.PHIS) // 2
  return moments.variance[middle], moments.variance.mean(), z.max()


STUDY = OneBitStudy()
