r"""Measures the bound of many samples against the products of the decoder.

The bound is that of `evaluation.log_likelihood_bounds` with K = 5,000, for
random images of 784 bytes and batches of 100. Its rate is given in millions of
images x samples per second. The other rate is that of the decoder's matrix
products alone, chained in one compiled program, with rows of 2,500 samples at a
time. Both are measured in turn in one process. The bound counts with its median
time, and the products count with their least. The peak of the memory is printed
for a third and for all of the images, because it must not grow with their
number.

python -m benchmarks.evaluation
python -m benchmarks.evaluation --images=10000   # all of MNIST's test images
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import itertools
import json
import statistics
import sys
import time
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
from tf_mco import evaluation
from tf_mco import layers
from tf_mco import models

PIXELS, BATCH, SAMPLES = 784, 100, 5_000
_ROWS = 2_500
_REPEATS = 3
# Whether the latent variables are binary, how many there are, and the hidden
# layers of encoder and decoder.
CASES: Mapping[str, tuple[bool, int, tuple[int, ...]]] = {
  'binary, linear': (True, 200, ()),
  'binary, nonlinear': (True, 200, (200, 200)),
  'gaussian, 784-200-200-50': (False, 50, (200, 200)),
}


def make_model(
  binary: bool, units: int, hidden: Sequence[int]
) -> models.LatentVariableModel:
  """Returns a built model."""

  def network(head: keras.layers.Layer) -> keras.Sequential:
    dense = [keras.layers.Dense(width, 'tanh') for width in hidden]
    return keras.Sequential([*dense, head])

  posterior, prior = (
    (layers.BernoulliPosterior, layers.BernoulliPrior)
    if binary
    else (layers.GaussianPosterior, layers.GaussianPrior)
  )
  model = models.LatentVariableModel(
    network(posterior(units)),
    network(layers.BernoulliLikelihood(PIXELS)),
    prior(units),
    tf_mco.get_estimator('vimco' if binary else 'iwae', num_samples=5),
  )
  model.build((None, PIXELS))
  return model


def products(widths: Sequence[int], rows: int) -> Callable[[], object]:
  """Returns a compiled program of the decoder's products for so many rows.

  Args:
    widths: of the latent variables, of hidden layers and of the image.
    rows: images x samples, a multiple of `_ROWS`.
  """
  rng = np.random.default_rng(0)
  weights = [
    tf.constant(rng.normal(size=pair) / np.sqrt(pair[0]), tf.float32)
    for pair in itertools.pairwise(widths)
  ]
  start = tf.constant(rng.normal(size=[_ROWS, widths[0]]), tf.float32)

  # Each round depends on the one before, so that the compiler leaves none out.
  def one_round(index: tf.Tensor, last: tf.Tensor) -> tuple[tf.Tensor, ...]:
    values = start + last
    for weight in weights:
      values = tf.matmul(values, weight)
    return index + 1, 1e-30 * values[:1, :1]

  @tf.function(jit_compile=True, autograph=False)
  def program(rounds: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(
      lambda index, _: index < rounds,
      one_round,
      [tf.constant(0), tf.zeros([1, 1])],
    )[1]

  rounds = tf.constant(rows // _ROWS)
  return lambda: program(rounds).numpy()


def run_case(name: str, num_images: int) -> dict[str, float]:
  """Returns the figures of one case."""
  binary, units, hidden = CASES[name]
  evaluator = evaluation.Evaluator(
    make_model(binary, units, hidden), num_samples=SAMPLES, progress=False
  )
  pixels = np.random.default_rng(0).integers(0, 256, [num_images, PIXELS])
  images = pixels.astype(np.uint8)
  evaluator(images[:BATCH], batch_size=BATCH)
  evaluator(images[: num_images // 3], batch_size=BATCH)
  megabytes = clock.peak_megabytes()

  total = num_images * SAMPLES
  chain = products([units, *hidden, PIXELS], total // 10)
  chain()
  bound_seconds, chain_seconds = [], []
  for _ in range(_REPEATS):
    chain_seconds.append(10 * _seconds(chain))
    bound_seconds.append(_seconds(lambda: evaluator(images, batch_size=BATCH)))
  seconds = statistics.median(bound_seconds)
  return {
    'rate': total / seconds,
    'chain_rate': total / min(chain_seconds),
    'seconds': seconds,
    'megabytes_third': megabytes,
    'megabytes': clock.peak_megabytes(),
  }


def _seconds(work: Callable[[], object]) -> float:
  start = time.perf_counter()
  work()
  return time.perf_counter() - start


def table(num_images: int) -> str:
  """Runs every case, and returns them as Markdown."""
  rows: list[list[Any]] = []
  for name in CASES:
    child = [f'--child={name}', f'--images={num_images}']
    figures = process.run('benchmarks.evaluation', child)
    rows.append(
      [
        name,
        f'{figures["rate"] / 1e6:.3f}',
        f'{figures["chain_rate"] / 1e6:.3f}',
        f'{figures["rate"] / figures["chain_rate"]:.2f}',
        f'{figures["seconds"] * 10_000 / num_images:.0f}',
        f'{figures["megabytes_third"]:.0f}',
        f'{figures["megabytes"]:.0f}',
      ]
    )
    print(f'{name}: {rows[-1][3]} of the products', file=sys.stderr)
  headers = [
    f'K = {SAMPLES:,}, {num_images:,} images',
    'million images x samples/s',
    'products alone',
    'of products',
    's for 10,000 images',
    'peak MB, a third',
    'peak MB, all',
  ]
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  values = flags.FLAGS
  if values.child:
    print(json.dumps(run_case(values.child, values.images)))
  else:
    print(table(values.images))


if __name__ == '__main__':
  flags.DEFINE_string('child', None, 'Runs one case, prints JSON.')
  flags.DEFINE_integer('images', 600, 'Images, a multiple of 300.')
  app.run(main)
