r"""Compares the training steps of this library with those of its peers.

The peers are the same steps, written by hand in JAX, PyTorch and TensorFlow as
an expert of each would write them. Each framework has a process of its own. The
processes take turns of about a second, case by case, so that a slow minute of
the machine hits all of them alike. Figures are medians over all executions.

JAX and PyTorch are installed apart from this library; `make bench-peers` does
so. A peer that is not installed is left out.

python -m benchmarks.peers.compare --python=.venv-peers/bin/python
python -m benchmarks.peers.compare --check
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import pathlib
import statistics
import sys
import tempfile

from absl import app
from absl import flags
import numpy as np
import tabulate

from benchmarks.peers import agreement
from benchmarks.peers import problem
from benchmarks.peers import turns
from experiments.data import datasets

_TURN_SECONDS = 1.0
_WARM_UP = 2
OURS = 'tf_mco'
# The module of each framework, and whether it runs where this module runs.
PEERS: Mapping[str, tuple[str, bool]] = {
  OURS: ('benchmarks.peers.tf_mco_steps', True),
  'TensorFlow': ('benchmarks.peers.tensorflow_steps', True),
  'JAX': ('benchmarks.peers.jax_steps', False),
  'PyTorch': ('benchmarks.peers.torch_steps', False),
}
_PACKAGES = {'JAX': 'jax', 'PyTorch': 'torch'}


def start(images: pathlib.Path, python: str | None) -> dict[str, turns.Process]:
  """Starts the process of each framework that is installed."""
  processes = {}
  for name, (module, here) in PEERS.items():
    interpreter = sys.executable if here else python
    if interpreter is None or not (
      here or turns.installed(interpreter, _PACKAGES[name])
    ):
      print(f'{name} is not installed; see make bench-peers', file=sys.stderr)
      continue
    processes[name] = turns.Process(interpreter, module, str(images))
  return processes


def measure(
  processes: Mapping[str, turns.Process], names: Sequence[str], rounds: int
) -> dict[tuple[str, str], turns.Cost]:
  """Returns the cost of a step by case and framework."""
  executions = {}
  for name in names:
    for framework, process in processes.items():
      # The first turn compiles, and the second says how long a turn is.
      process.ask(do='train', case=name, executions=_WARM_UP)
      answer = process.ask(do='train', case=name, executions=_WARM_UP)
      lap = statistics.median(answer['wall']) * problem.CASES[name].execution
      executions[name, framework] = max(3, round(_TURN_SECONDS / lap) + 1)
  walls: dict[tuple[str, str], list[float]] = {key: [] for key in executions}
  cpus: dict[tuple[str, str], list[float]] = {key: [] for key in executions}
  for index in range(rounds):
    for key, count in executions.items():
      name, framework = key
      answer = processes[framework].ask(do='train', case=name, executions=count)
      # The first lap of a turn finds cold caches, and threads asleep.
      walls[key] += answer['wall'][1:]
      cpus[key] += answer['cpu'][1:]
    print(f'round {index + 1} of {rounds}', file=sys.stderr)
  return {
    key: turns.Cost(statistics.median(walls[key]), statistics.median(cpus[key]))
    for key in executions
  }


def table(
  costs: Mapping[tuple[str, str], turns.Cost],
  names: Sequence[str],
  frameworks: Sequence[str],
) -> str:
  """Returns the comparison as Markdown."""
  rows = []
  for name in names:
    row = [name]
    for framework in frameworks:
      cost = costs[name, framework]
      row.append(f'{1 / cost.wall:.0f}, {1e3 * cost.cpu:.2f}')
    others = [
      1 / costs[name, framework].wall
      for framework in frameworks
      if framework != OURS
    ]
    ours = 1 / costs[name, OURS].wall
    row.append(f'{ours / max(others):.2f}')
    rows.append(row)
  headers = ['steps/s, CPU-ms', *frameworks, 'of the fastest peer']
  return tabulate.tabulate(rows, headers, 'github', disable_numparse=True)


def main(argv: list[str]) -> None:
  """Prints the table, or checks that all frameworks compute the same."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  names = flags.FLAGS.cases or list(problem.CASES)
  unknown = sorted(set(names) - set(problem.CASES))
  if unknown or flags.FLAGS.rounds < 1:
    sys.exit(
      f'compare: expected --cases out of {list(problem.CASES)} and at least '
      f'one round. Received: {unknown}, {flags.FLAGS.rounds}'
    )
  with tempfile.TemporaryDirectory() as folder:
    images = pathlib.Path(folder) / 'images.npy'
    np.save(images, datasets.load(flags.FLAGS.dataset).train)
    processes = start(images, flags.FLAGS.python)
    try:
      if flags.FLAGS.check:
        print(agreement.table(processes, OURS, names))
      else:
        costs = measure(processes, names, flags.FLAGS.rounds)
        print(table(costs, names, list(processes)))
    finally:
      for process in processes.values():
        process.stop()


if __name__ == '__main__':
  flags.DEFINE_multi_string('cases', None, 'Names of cases; default: all.')
  flags.DEFINE_string('dataset', 'mnist', 'Images of 784 pixels.')
  flags.DEFINE_integer('rounds', 5, 'Turns of each framework in each case.')
  flags.DEFINE_string('python', None, 'An interpreter that has JAX, PyTorch.')
  flags.DEFINE_bool('check', False, 'Compares gradients and bounds instead.')
  app.run(main)
