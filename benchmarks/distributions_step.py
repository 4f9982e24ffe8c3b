r"""Measures samples and their gradients beside those of TFP.

The concentrations are spread from 0.1 to 100, and the numbers are float32. Both
libraries take turns in one process on one thread. A time is the median of the
CPU times of the calls, and the memory is the largest resident memory of the
first call at that size beyond the memory before it, in a process of its own.

python -m benchmarks.distributions_step
"""

from __future__ import annotations

from collections.abc import Callable
import ctypes
import json
import pathlib
import statistics
import sys
import time

from absl import app
from absl import flags
from absl import logging
import numpy as np
import tabulate
import tensorflow as tf

from benchmarks import process
from tf_mco import distributions
from tf_mco._tfp import tfd

SIZES = (100_000, 1_000_000)
MODES = ('graph', 'eager', 'jit')
_REPEATS = {100_000: 15, 1_000_000: 5}
_SEED = (1, 2)
_COMPONENTS = 10  # of a Dirichlet vector

# The concentrations of a distribution, by its name in both libraries.
_Parameters = Callable[[tf.Tensor], tuple[tf.Tensor, ...]]
DISTRIBUTIONS: dict[str, _Parameters] = {
  'Gamma': lambda a: (a, tf.ones_like(a)),
  'Beta': lambda a: (a, a[::-1]),
  'Dirichlet': lambda a: (tf.reshape(a, [-1, _COMPONENTS]),),
  'StudentT': lambda a: (a, tf.zeros_like(a), tf.ones_like(a)),
  'VonMises': lambda a: (tf.zeros_like(a), a),
  'TruncatedNormal': lambda a: (0 * a, 1 + 0 * a, 0 * a - 1, a),
}
LIBRARIES = {'tf_mco': distributions, 'TFP': tfd}


def make_work(
  library: str, name: str, *, gradient: bool, mode: str
) -> Callable[[tf.Tensor], object]:
  """Returns a function of the concentrations, which samples."""
  family = getattr(LIBRARIES[library], name)

  def work(concentration: tf.Tensor) -> list[tf.Tensor]:
    parameters = DISTRIBUTIONS[name](concentration)
    with tf.GradientTape() as tape:
      if gradient:
        tape.watch(parameters)
      x = family(*parameters).sample(seed=tf.constant(_SEED))
    return [x, *(tape.gradient(x, parameters) if gradient else ())]

  if mode == 'eager':
    return work
  # One graph serves all sizes from the second on.
  jit = mode == 'jit'
  return tf.function(work, jit_compile=jit, reduce_retracing=not jit)


def concentrations(size: int) -> tf.Tensor:
  """Returns numbers from 0.1 to 100, spread evenly in their logarithm."""
  logs = np.random.default_rng(0).uniform(np.log(0.1), np.log(100), size)
  return tf.constant(np.exp(logs), tf.float32)


def times(name: str, mode: str, size: int) -> dict[str, float]:
  """Returns CPU-milliseconds, by the library and what it does."""
  a = concentrations(size)
  works = {
    f'{library} {label}': make_work(library, name, gradient=gradient, mode=mode)
    for library in LIBRARIES
    for label, gradient in (('sample', False), ('gradient', True))
  }
  costs: dict[str, list[float]] = {label: [] for label in works}
  for work in works.values():
    work(a)
  for _ in range(_REPEATS[size]):
    for label, work in works.items():
      start = time.process_time()
      work(a)
      costs[label].append(time.process_time() - start)
  return {
    label: 1e3 * statistics.median(values) for label, values in costs.items()
  }


def peak(library: str, name: str, mode: str, size: int) -> dict[str, float]:
  """Returns the megabytes that a sample and its gradient need, on Linux."""
  work = make_work(library, name, gradient=True, mode=mode)
  a = concentrations(size)
  # Tracing is over before the measurement.
  for few in (_COMPONENTS, 2 * _COMPONENTS):
    work(a if mode == 'jit' else a[:few])
  ctypes.CDLL('libc.so.6').malloc_trim(0)
  pathlib.Path('/proc/self/clear_refs').write_text('5', encoding='ascii')
  before = _status('VmRSS')
  result = work(a)
  del result
  return {'megabytes': (_status('VmHWM') - before) / 1024}


def _status(field: str) -> float:
  """Returns a field of the status of this process, in kilobytes."""
  text = pathlib.Path('/proc/self/status').read_text(encoding='ascii')
  return float(text.split(f'{field}:')[1].split()[0])


def table(size: int) -> str:
  """Runs every case of a size, and returns them as Markdown."""
  rows: list[list[str]] = []
  for name in DISTRIBUTIONS:
    for mode in MODES:
      case = [f'--name={name}', f'--mode={mode}', f'--size={size}']
      found = process.run('benchmarks.distributions_step', case)
      ours, theirs = (
        process.run(
          'benchmarks.distributions_step', [*case, f'--library={library}']
        )['megabytes']
        for library in LIBRARIES
      )
      row = [f'{name}, {mode}']
      for label in ('sample', 'gradient'):
        pair = found[f'tf_mco {label}'], found[f'TFP {label}']
        row += [f'{pair[0]:.1f}', f'{pair[1]:.1f}', f'{pair[0] / pair[1]:.2f}']
      rows.append([*row, f'{ours:.0f}', f'{theirs:.0f}'])
      print(rows[-1], file=sys.stderr)
  headers = [f'{size} elements', 'sample ms', 'TFP', 'ratio']
  headers += ['sample + gradient ms', 'TFP', 'ratio', 'peak MB', 'TFP']
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def main(argv: list[str]) -> None:
  """Prints the tables."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  options = flags.FLAGS
  if options.name is None:
    print('\n\n'.join(table(size) for size in SIZES))
    return
  tf.config.threading.set_intra_op_parallelism_threads(1)
  tf.config.threading.set_inter_op_parallelism_threads(1)
  case = options.name, options.mode, options.size
  measured = peak(options.library, *case) if options.library else times(*case)
  print(json.dumps(measured))


if __name__ == '__main__':
  flags.DEFINE_enum('name', None, list(DISTRIBUTIONS), 'Runs one, prints JSON.')
  flags.DEFINE_enum('mode', 'graph', MODES, 'Of the child.')
  flags.DEFINE_integer('size', SIZES[0], 'Of the child.')
  flags.DEFINE_enum('library', None, list(LIBRARIES), 'Measures its memory.')
  app.run(main)
