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
import sys
from typing import NamedTuple

from absl import app
from absl import flags
import numpy as np
import tabulate
import tensorflow as tf

from experiments.drawing import plots
import tf_mco
from tf_mco import distributions
from tf_mco import random

_PHIS = np.linspace(-4.0, 4.0, 17)
_EVALUATIONS = 2
_REPEATS = 100
# P(max of 17 normal |z| > 4) = 1 - (1 - 6.33e-5)^17 = 1.08e-3.
_ONE_IN = 900


class Moments(NamedTuple):
  """Of an estimator's gradient at every phi, `[F]` each."""

  mean: np.ndarray
  variance: np.ndarray


def exact_gradient(phi: np.ndarray, p0: float) -> np.ndarray:
  """Returns the derivative of E[(b - p0)^2], which is s (1 - s) (1 - 2 p0)."""
  s = 1 / (1 + np.exp(-phi))
  return s * (1 - s) * (1 - 2 * p0)


def estimators() -> dict[str, tf_mco.Estimator]:
  """Returns every estimator of a mean, at two evaluations."""
  return {
    'REINFORCE': tf_mco.get_estimator('reinforce', num_samples=_EVALUATIONS),
    'REINFORCE-LOO': tf_mco.get_estimator(
      'reinforce_loo', num_samples=_EVALUATIONS
    ),
    'ARM': tf_mco.get_estimator('arm', num_pairs=_EVALUATIONS // 2),
    'DisARM': tf_mco.get_estimator('disarm', num_pairs=_EVALUATIONS // 2),
  }


def gradients(
  estimator: tf_mco.Estimator, phi: tf.Tensor, p0: float, seed: tf.Tensor
) -> tf.Tensor:
  """Returns one estimate for every phi of `[B]`."""
  with tf.GradientTape() as tape:
    tape.watch(phi)
    value = tf_mco.expectation(
      estimator,
      lambda b: tf.square(b - p0),
      distributions.Bernoulli(logits=phi),
      seed=seed,
    )
  return tape.gradient(value, phi)


def moments(
  estimator: tf_mco.Estimator, *, p0: float, draws: int, seed: int
) -> Moments:
  """Returns mean and variance over draws, at every phi."""
  phi = tf.constant(np.repeat(_PHIS, draws))

  @tf.function(jit_compile=True)
  def all_draws() -> tf.Tensor:
    return gradients(estimator, phi, p0, random.as_seed(seed))

  estimates = all_draws().numpy().reshape(len(_PHIS), draws)
  variance = estimates.var(axis=1, ddof=1)
  # What is left of a constant after rounding is no variance.
  rounding = (8 * np.finfo(np.float64).eps * np.abs(estimates).max(axis=1)) ** 2
  variance = np.where(variance <= rounding, 0.0, variance)
  return Moments(estimates.mean(axis=1), variance)


def ascend(
  estimator: tf_mco.Estimator,
  *,
  p0: float,
  steps: int,
  learning_rate: float,
  seed: int,
) -> np.ndarray:
  """Returns E[(b - p0)^2] after each step from phi = 0, `[steps]`.

  The mean over repeats that differ in their noise only.
  """

  @tf.function(jit_compile=True)
  def path() -> tf.Tensor:
    phi = tf.zeros([_REPEATS], tf.float64)
    values = tf.TensorArray(tf.float64, steps)
    for step in tf.range(steps):
      noise = random.fold_in(seed, step)
      phi += learning_rate * gradients(estimator, phi, p0, noise)
      s = tf.sigmoid(phi)
      value = s * (1 - p0) ** 2 + (1 - s) * p0**2
      values = values.write(step, tf.reduce_mean(value))
    return values.stack()

  return path().numpy()


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
  for name, estimator in estimators().items():
    found = moments(estimator, p0=p0, draws=draws, seed=seed)
    rows.append([name, *_summary(found, p0, draws)])
    drawable = np.where(found.variance > 0, found.variance, np.nan)
    variances[name] = (_PHIS, drawable)
    values = ascend(
      estimator, p0=p0, steps=steps, learning_rate=learning_rate, seed=seed
    )
    ascents[name] = (np.arange(1, steps + 1), values)
  plots.lines(
    variances,
    path / 'variance.png',
    xlabel='logit phi',
    ylabel='variance of the gradient',
    title=f'{_EVALUATIONS} evaluations, p0 = {p0}',
    logy=True,
  )
  plots.lines(
    ascents,
    path / 'ascent.png',
    xlabel='step',
    ylabel='E[(b - p0)^2]',
    title=f'ascent, mean of {_REPEATS} repeats',
  )
  headers = [
    'estimator',
    'variance, phi = 0',
    'mean variance',
    'max |z| of bias',
  ]
  return tabulate.tabulate(rows, headers=headers, floatfmt='.3g')


def _summary(
  found: Moments, p0: float, draws: int
) -> tuple[float, float, float]:
  """Returns variance at phi = 0, mean variance, and the largest |z|."""
  bias = np.abs(found.mean - exact_gradient(_PHIS, p0))
  error = np.sqrt(found.variance / draws)
  # A constant is right, or wrong at infinitely many standard errors.
  constant = np.where(bias < 1e-12, 0.0, np.inf)
  z = np.divide(bias, error, out=constant, where=error > 0)
  middle = len(_PHIS) // 2
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


def main(argv: list[str]) -> None:
  """Reads the flags, prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  values = flags.FLAGS
  try:
    table = run(
      values.output_dir,
      p0=values.p0,
      draws=values.draws,
      steps=values.steps,
      learning_rate=values.learning_rate,
      seed=values.seed,
    )
  except ValueError as error:
    sys.exit(f'toy: {error}')
  print(
    f'p0 = {values.p0}, {_EVALUATIONS} evaluations, {values.draws:,} draws at '
    f'{len(_PHIS)} values of phi\n\n{table}\n\nAn unbiased estimator has '
    f'max |z| above 4 once in {_ONE_IN:,} runs.\nPictures: {values.output_dir}'
  )


if __name__ == '__main__':
  define_flags()
  app.run(main)
