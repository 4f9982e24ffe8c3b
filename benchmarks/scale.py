r"""Measures what a training step costs as it grows, for three estimators.

One size grows at a time: the number K of samples, the batch, the number of
latent variables, or the number of stochastic layers. DisARM has K / 2 pairs.
The networks are linear, 784-200, and random bytes stand for images. The
compiled step includes the binarization and Adam.

The unit of the time is one evaluation of log p(x, z) for one example, forward
and backward. Memory is the peak of a row beyond what the process held after it
had made the model. It includes what XLA needs to compile the step, about which
the smallest row of each axis tells.

python -m benchmarks.scale --picture=scale.png
python -m benchmarks.scale --axes=samples --estimators=vimco
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
import os
import pathlib
import sys
import time
from typing import Any, NamedTuple

from absl import app
from absl import flags
from absl import logging
import keras
import numpy as np
import tabulate
import tensorflow as tf

from benchmarks import clock
from benchmarks import process
from experiments.figures import plots
import tf_mco
from tf_mco import layers
from tf_mco import models

_PIXELS = 784
_SECONDS = 1.0  # of measurement for each row
_MOST_REPEATS = 50


class Size(NamedTuple):
  """The size of a step."""

  samples: int = 4  # K
  batch: int = 50
  latents: int = 200
  layers: int = 1


ESTIMATORS = ('disarm', 'vimco', 'iwae')
# The batch is small where K grows, because memory grows with the product.
AXES: Mapping[str, Sequence[Size]] = {
  'samples': [Size(samples=k, batch=10) for k in (1, 2, 10, 100, 1000, 5000)],
  'batch': [Size(batch=size) for size in (10, 100, 1000, 10_000)],
  'latents': [Size(latents=size) for size in (10, 100, 1000, 10_000)],
  'layers': [Size(layers=depth) for depth in (1, 2, 3, 4)],
}


def fits(estimator: str, size: Size) -> bool:
  """Returns whether the estimator has a bound of so many samples."""
  return size.samples > 1 or estimator == 'iwae'


def make_model(estimator: str, size: Size) -> models.LatentVariableModel:
  """Returns the compiled and built model."""
  kind = 'Gaussian' if estimator == 'iwae' else 'Bernoulli'
  posterior = getattr(layers, f'{kind}Posterior')
  between = getattr(layers, f'{kind}Likelihood')
  prior = getattr(layers, f'{kind}Prior')
  options = {'num_samples': size.samples}
  if estimator == 'disarm':
    options = {'num_pairs': size.samples // 2}
  encoder = [posterior(size.latents) for _ in range(size.layers)]
  decoder = [between(size.latents) for _ in range(size.layers - 1)]
  decoder.insert(0, layers.BernoulliLikelihood(_PIXELS))
  one = size.layers == 1
  model = models.LatentVariableModel(
    encoder[0] if one else encoder,
    decoder[0] if one else decoder,
    prior(size.latents),
    tf_mco.get_estimator(estimator, **options),
    pixel_range=(0, 255),
  )
  model.compile(keras.optimizers.Adam(1e-4), jit_compile=True)
  model.build((None, _PIXELS))
  model.optimizer.build(model.trainable_variables)
  return model


def run_size(estimator: str, size: Size) -> dict[str, float]:
  """Returns the figures of one row."""
  model = make_model(estimator, size)
  rng = np.random.default_rng(0)
  pixels = rng.integers(0, 256, [size.batch, _PIXELS], dtype=np.uint8)
  x = tf.constant(pixels)
  posterior = model.encode_batch(pixels[:1], seed=0).posterior
  evaluations = model.estimator.evaluations(posterior)
  step = tf.function(lambda: model.train_step(x)['bound'], jit_compile=True)

  def work() -> float:
    return float(step())

  before = _memory('VmRSS')
  _forget_peak()
  work()
  start = time.perf_counter()
  work()
  once = time.perf_counter() - start
  repeats = min(_MOST_REPEATS, max(2, round(_SECONDS / once)))
  cost = clock.measure(work, units=1, repeats=repeats)
  return {
    'steps_per_second': 1 / cost.wall,
    'cpu_ms': 1e3 * cost.cpu,
    'microseconds': 1e6 * cost.wall / (evaluations * size.batch),
    'megabytes': _memory('VmHWM') - before,
    'evaluations': evaluations,
  }


def _forget_peak() -> None:
  """Lets the peak of resident memory begin anew, on Linux."""
  with open('/proc/self/clear_refs', 'w', encoding='ascii') as file:
    file.write('5')


def _memory(field: str) -> float:
  """Returns a field of /proc/self/status in megabytes, on Linux."""
  with open('/proc/self/status', encoding='ascii') as file:
    for line in file:
      if line.startswith(f'{field}:'):
        return int(line.split()[1]) / 1024
  raise OSError(f'/proc/self/status has no {field}')


def grown(axis: str, size: Size) -> int:
  """Returns the number that grows along an axis."""
  return int(getattr(size, axis))


def table(
  figures: Mapping[tuple[str, str, Size], Mapping[str, float]],
) -> str:
  """Returns the rows as Markdown, each beside the cheapest of its axis."""
  rows: list[list[str]] = []
  for (axis, estimator, size), f in figures.items():
    least = min(
      other['microseconds']
      for (*key, _), other in figures.items()
      if key == [axis, estimator]
    )
    rows.append(
      [
        f'{axis} {grown(axis, size)}',
        estimator,
        f'{f["evaluations"]:.0f} x {size.batch}',
        f'{f["steps_per_second"]:.4g}',
        f'{f["cpu_ms"]:.4g}',
        f'{f["microseconds"]:.2f}',
        f'{f["microseconds"] / least:.2f}',
        f'{f["megabytes"]:.0f}',
      ]
    )
  headers = [
    'size',
    'estimator',
    'evaluations',
    'steps/s',
    'CPU-ms/step',
    'microseconds per evaluation',
    'of the least',
    'peak MB',
  ]
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def draw(
  figures: Mapping[tuple[str, str, Size], Mapping[str, float]],
  path: str | os.PathLike,
) -> None:
  """Draws the time of an evaluation along each axis, one picture for each.

  The name of the axis is put before the suffix of the path.
  """
  target = pathlib.Path(path)
  for axis in {axis: None for axis, _, _ in figures}:
    series: dict[str, tuple[list[float], list[float]]] = {}
    for (of_axis, estimator, size), f in figures.items():
      if of_axis == axis:
        x, y = series.setdefault(estimator, ([], []))
        x.append(grown(axis, size))
        y.append(f['microseconds'])
    plots.lines(
      series,
      target.with_name(f'{target.stem}_{axis}{target.suffix}'),
      xlabel=axis,
      ylabel='microseconds per evaluation',
      logx=axis != 'layers',
      logy=True,
    )


def main(argv: list[str]) -> None:
  """Prints the table, and draws it."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  values = flags.FLAGS
  axes = values.axes or list(AXES)
  estimators = values.estimators or list(ESTIMATORS)
  unknown = sorted(
    (set(axes) - set(AXES)) | (set(estimators) - set(ESTIMATORS))
  )
  if unknown:
    sys.exit(
      f'scale: expected --axes out of {list(AXES)} and --estimators out of '
      f'{list(ESTIMATORS)}. Received: {unknown}'
    )
  if values.child is not None:
    size = AXES[axes[0]][values.child]
    print(json.dumps(run_size(estimators[0], size)))
    return
  figures: dict[tuple[str, str, Size], dict[str, Any]] = {}
  for axis in axes:
    for estimator in estimators:
      for index, size in enumerate(AXES[axis]):
        if not fits(estimator, size):
          continue
        options = [f'--axes={axis}', f'--estimators={estimator}']
        figures[axis, estimator, size] = process.run(
          'benchmarks.scale', [*options, f'--child={index}']
        )
        print(f'{axis} {estimator} {size}', file=sys.stderr)
  print(table(figures))
  if values.picture:
    draw(figures, values.picture)


if __name__ == '__main__':
  flags.DEFINE_list('axes', None, f'What grows: {", ".join(AXES)}.')
  flags.DEFINE_list('estimators', None, f'Out of {", ".join(ESTIMATORS)}.')
  flags.DEFINE_string('picture', None, 'A PNG file; each axis gets one.')
  flags.DEFINE_integer('child', None, 'Runs one size of one axis, prints JSON.')
  app.run(main)
