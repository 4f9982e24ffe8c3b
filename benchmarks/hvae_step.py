r"""Measures the training step of the convolutional Hamiltonian VAE.

The step has the networks and the optimizer of `experiments.train_hvae`, 64
latent variables, and batches of 100 random images of 28x28 bytes. Figures are
medians over executions of a few steps, with each case in a process of its own.
The memory is what a batch of 100 needs beyond one example, without XLA.

TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 \
    python -m benchmarks.hvae_step
python -m benchmarks.hvae_step --jit_compile       # XLA instead of oneDNN
"""

from __future__ import annotations

from collections.abc import Mapping
import functools
import json
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging
import numpy as np
import tabulate
import tensorflow as tf

from benchmarks import clock
from benchmarks import memory
from benchmarks import process
from experiments.data import datasets
from experiments.hvae import experiment as hvae_experiment
from tf_mco import models

_BATCH, _SIDE = 100, 28
_EXECUTION = 5
_REPEATS = 12
# The CPU-ms of a step of the original code by leapfrog steps, on the machine of
# the project's other figures.
ORIGINAL: Mapping[int, float] = {0: 24.0, 5: 223.0, 10: 428.0}
# Leapfrog steps, and whether they are computed again in the backward pass.
CASES = (
  (0, False),
  (1, False),
  (5, False),
  (10, False),
  (5, True),
  (10, True),
)


def run_case(
  leapfrog_steps: int, recompute: bool, jit_compile: bool
) -> dict[str, float]:
  """Returns the figures of one case."""
  pixels = np.random.default_rng(0).integers(0, 256, [_BATCH, _SIDE**2])
  images = pixels.astype(np.uint8)
  experiment = hvae_experiment.EXPERIMENT
  settings = experiment.make_settings(
    'mnist',
    {
      'leapfrog_steps': leapfrog_steps,
      'recompute': recompute,
      'jit_compile': jit_compile,
    },
  )
  model = experiment.make_model(
    settings,
    datasets.Images(
      'noise', images, images, images, (_SIDE, _SIDE), 'dynamic', ''
    ),
  )
  model.check_observations(images)  # a compiled function cannot look at them
  x = tf.constant(images)
  # Memory is measured before there is another trace, and not with XLA, which
  # compiles for each size of a batch.
  batch_megabytes = 0.0
  if not jit_compile:
    batch_megabytes = memory.batch_megabytes(
      functools.partial(_train, model), x
    )

  @tf.function(jit_compile=jit_compile)
  def step() -> None:
    _train(model, x)

  @tf.function
  def execution() -> None:
    for _ in tf.range(_EXECUTION):
      step()

  cost = clock.measure(execution, units=_EXECUTION, repeats=_REPEATS)
  return {
    'steps_per_second': 1 / cost.wall,
    'cpu_ms': 1e3 * cost.cpu,
    'step_megabytes': batch_megabytes,
  }


def _train(model: models.LatentVariableModel, x: tf.Tensor) -> None:
  model.train_step(x)


def table(jit_compile: bool) -> str:
  """Runs every case, and returns them as Markdown."""
  rows: list[list[Any]] = []
  first = 0.0
  for leapfrog_steps, recompute in CASES:
    child = [f'--child={leapfrog_steps}']
    child += ['--recompute'] * recompute + ['--jit_compile'] * jit_compile
    figures = process.run('benchmarks.hvae_step', child)
    cost = figures['cpu_ms']
    first = first or cost
    original = ORIGINAL.get(leapfrog_steps)
    rows.append(
      [
        _name(leapfrog_steps, recompute),
        f'{figures["steps_per_second"]:.1f}',
        f'{cost:.1f}',
        f'{cost / first:.1f}',
        '' if original is None else f'{original:.0f}',
        '' if original is None else f'{cost / original:.2f}',
        f'{figures["step_megabytes"]:.0f}' if not jit_compile else '-',
      ]
    )
    print(f'{rows[-1][0]}: {cost:.1f} CPU-ms', file=sys.stderr)
  headers = [
    'z = 64, batch 100',
    'steps/s',
    'CPU-ms/step',
    'of VAE',
    'original',
    'of original',
    'MB',
  ]
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def _name(leapfrog_steps: int, recompute: bool) -> str:
  if not leapfrog_steps:
    return 'VAE'
  return f'HVAE K={leapfrog_steps}{", recomputed" if recompute else ""}'


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  values = flags.FLAGS
  if values.child is None:
    print(table(values.jit_compile))
  else:
    figures = run_case(values.child, values.recompute, values.jit_compile)
    print(json.dumps(figures))


if __name__ == '__main__':
  flags.DEFINE_integer('child', None, 'Runs one K, prints JSON.')
  flags.DEFINE_boolean('recompute', False, 'Of the child.')
  flags.DEFINE_boolean('jit_compile', False, 'Whether XLA compiles the step.')
  app.run(main)
