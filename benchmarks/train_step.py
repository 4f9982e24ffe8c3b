r"""Measures the training step of models with binary latent variables.

Real images train in `fit`, where an execution is one program, with batches of
50 and 200 latent variables. Evaluation does not count. Each case runs in a
process of its own, on an otherwise idle machine. Figures are medians over
executions of 100 steps. The floor is the time of the matrix products of a step,
each measured by itself in the same process, before and after.

python -m benchmarks.train_step
python -m benchmarks.train_step --cases='linear disarm'
"""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple

from absl import app
from absl import flags
from absl import logging
import keras
import tabulate

from benchmarks import clock
from benchmarks import floor
from benchmarks import process
from experiments.binary import experiment as binary_experiment
from experiments.data import datasets

_EXECUTION = 100
_WARM_UP = 3


class Case(NamedTuple):
  """An estimator on an architecture."""

  architecture: str
  options: dict[str, Any]


_ESTIMATORS: dict[str, dict[str, Any]] = {
  'disarm': {'estimator': 'disarm'},
  'arm': {'estimator': 'arm'},
  'reinforce_loo': {'estimator': 'reinforce_loo'},
  'vimco K=4': {'estimator': 'vimco', 'num_samples': 4},
  'local_disarm 2 pairs': {'estimator': 'local_disarm', 'num_pairs': 2},
  'vimco K=20': {'estimator': 'vimco', 'num_samples': 20},
  'local_disarm 10 pairs': {'estimator': 'local_disarm', 'num_pairs': 10},
}
CASES = {
  f'{architecture} {name}': Case(architecture, options)
  for architecture in ('linear', 'nonlinear')
  for name, options in _ESTIMATORS.items()
}


class _Timer(keras.callbacks.Callback):
  """Measures the time of every execution."""

  def __init__(self) -> None:
    super().__init__()
    self.laps = clock.Laps()

  def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
    """Ends a lap."""
    del batch, logs
    self.laps.lap()


def run_case(case: Case, dataset: str, steps: int) -> dict[str, float]:
  """Returns the figures of one case."""
  experiment = binary_experiment.EXPERIMENT
  settings = experiment.make_settings(
    'mnist_linear',
    {'dataset': dataset, 'architecture': case.architecture, **case.options},
  )
  images = datasets.load(dataset)
  pixels = images.train.shape[1]
  model = experiment.make_model(settings, images)
  evaluations = settings.make_estimator().evaluations(
    model.encode_batch(images.train[:1], seed=0).posterior
  )
  hidden = [settings.hidden_units] * (
    2 if case.architecture == 'nonlinear' else 0
  )
  products = floor.step_products(
    settings.batch_size, evaluations, pixels, settings.units, hidden
  )
  before = floor.seconds(products)
  timer = _Timer()
  model.fit(
    images.train,
    batch_size=settings.batch_size,
    epochs=1,
    steps_per_epoch=steps,
    callbacks=[timer],
    verbose=0,
  )
  cost = timer.laps.cost(_EXECUTION, skip=_WARM_UP)
  least = (before + floor.seconds(products)) / 2
  flops = floor.flops(products)
  return {
    'steps_per_second': 1 / cost.wall,
    'cpu_ms': 1e3 * cost.cpu,
    'megaflops': flops / 1e6,
    'gigaflops_per_second': flops / least / 1e9,
    'of_floor': least / cost.wall,
    'peak_megabytes': clock.peak_megabytes(),
  }


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  logging.set_verbosity(logging.ERROR)
  if flags.FLAGS.child:
    figures = run_case(
      CASES[flags.FLAGS.child], flags.FLAGS.dataset, flags.FLAGS.measured_steps
    )
    print(json.dumps(figures))
    return
  names = flags.FLAGS.cases or list(CASES)
  unknown = sorted(set(names) - set(CASES))
  steps = flags.FLAGS.measured_steps
  if unknown or steps < 10 * _EXECUTION:
    sys.exit(
      f'train_step: expected --cases out of {list(CASES)} and at least '
      f'{10 * _EXECUTION} steps. Received: {unknown}, {steps}'
    )
  rows = []
  for name in names:
    f = process.run(
      'benchmarks.train_step',
      [
        f'--child={name}',
        f'--dataset={flags.FLAGS.dataset}',
        f'--measured_steps={steps}',
      ],
    )
    rows.append(
      [
        name,
        f'{f["steps_per_second"]:.0f}',
        f'{f["cpu_ms"]:.2f}',
        f'{f["megaflops"]:.0f}',
        f'{f["gigaflops_per_second"]:.0f}',
        f'{f["of_floor"]:.2f}',
        f'{f["peak_megabytes"]:.0f}',
      ]
    )
    print(f'{name}: {rows[-1][1]} steps/s', file=sys.stderr)
  headers = [
    flags.FLAGS.dataset,
    'steps/s',
    'CPU-ms/step',
    'MFLOP/step',
    "its products' GFLOP/s",
    'of the floor',
    'peak MB',
  ]
  print(tabulate.tabulate(rows, headers, 'github', disable_numparse=True))


if __name__ == '__main__':
  flags.DEFINE_list('cases', None, 'Names out of the table; default: all.')
  flags.DEFINE_string('dataset', 'mnist', 'mnist, or digits.')
  flags.DEFINE_integer('measured_steps', 4000, 'Steps per case.')
  flags.DEFINE_string('child', None, 'Runs one case, prints JSON.')
  app.run(main)
