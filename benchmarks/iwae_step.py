r"""Measures the training step of Gaussian VAEs, 784-200-200-50, tanh.

Random bytes stand for images. The compiled step includes Adam and the
binarization. Figures are medians over executions of 20 steps, with each case in
a process of its own.

python -m benchmarks.iwae_step
"""

from __future__ import annotations

import json
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging
import keras
import numpy as np
import tabulate
import tensorflow as tf

from benchmarks import clock
from benchmarks import process
import tf_mco
from tf_mco import layers
from tf_mco import models

_PIXELS, _HIDDEN, _UNITS = 784, 200, 50
_EXECUTION = 20
_REPEATS = 30
SIZES = {'batch 100, K=5': (100, 5), 'batch 32, K=64': (32, 64)}
ESTIMATORS = ('iwae', 'stl', 'dreg')


def make_model(estimator: str, num_samples: int) -> models.LatentVariableModel:
  """Returns the compiled and built model."""

  def network(head: keras.layers.Layer) -> keras.Sequential:
    hidden = [keras.layers.Dense(_HIDDEN, 'tanh') for _ in range(2)]
    return keras.Sequential([*hidden, head])

  model = models.LatentVariableModel(
    network(layers.GaussianPosterior(_UNITS)),
    network(layers.BernoulliLikelihood(_PIXELS)),
    layers.GaussianPrior(_UNITS),
    tf_mco.get_estimator(estimator, num_samples=num_samples),
  )
  model.compile('adam', jit_compile=True)
  model.build((None, _PIXELS))
  model.optimizer.build(model.trainable_variables)
  return model


def run_case(estimator: str, size: str) -> dict[str, float]:
  """Returns the figures of one case."""
  batch_size, num_samples = SIZES[size]
  model = make_model(estimator, num_samples)
  pixels = np.random.default_rng(0).integers(0, 256, [batch_size, _PIXELS])
  x = tf.constant(pixels.astype(np.uint8))

  @tf.function(jit_compile=True)
  def step() -> None:
    model.train_step(x)

  @tf.function
  def execution() -> None:
    for _ in tf.range(_EXECUTION):
      step()

  cost = clock.measure(execution, units=_EXECUTION, repeats=_REPEATS)
  return {
    'steps_per_second': 1 / cost.wall,
    'cpu_ms': 1e3 * cost.cpu,
    'peak_megabytes': clock.peak_megabytes(),
  }


def table() -> str:
  """Runs every case, and returns them as Markdown."""
  rows: list[list[Any]] = []
  for size in SIZES:
    first = 0.0
    for name in ESTIMATORS:
      child = [f'--child={name}', f'--size={size}']
      figures = process.run('benchmarks.iwae_step', child)
      first = first or figures['cpu_ms']
      rows.append(
        [
          f'{name}, {size}',
          f'{figures["steps_per_second"]:.0f}',
          f'{figures["cpu_ms"]:.2f}',
          f'{figures["cpu_ms"] / first:.2f}',
          f'{figures["peak_megabytes"]:.0f}',
        ]
      )
      print(f'{rows[-1][0]}: {rows[-1][2]} CPU-ms', file=sys.stderr)
  headers = ['784-200-200-50', 'steps/s', 'CPU-ms/step', 'of iwae', 'peak MB']
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  if flags.FLAGS.child:
    print(json.dumps(run_case(flags.FLAGS.child, flags.FLAGS.size)))
  else:
    print(table())


if __name__ == '__main__':
  flags.DEFINE_string('child', None, 'Runs one estimator, prints JSON.')
  flags.DEFINE_string('size', next(iter(SIZES)), 'Of the child.')
  app.run(main)
