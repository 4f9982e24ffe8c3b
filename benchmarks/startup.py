r"""Measures how long a command takes to its first step and its first bound.

The first table divides the start of `experiments.train_binary` with its
defaults into imports, data, model, tracing and XLA, up to the end of the first
step. The second is the command itself, from its start to the line that reports
the first bound: that is the start, the steps before the first evaluation, and
the evaluation. Each figure is the median of a few processes. Run the benchmark
twice after an installation, because the first run reads every file from disk.

python -m benchmarks.startup
"""

from __future__ import annotations

from collections.abc import Callable
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from absl import app
from absl import flags
import tabulate

_REPEATS = 3
_PROGRAM = 'experiments.train_binary'


def run_child(began: float) -> dict[str, float]:
  """Returns the seconds of each part, in the order of the parts.

  Args:
    began: `time.time()` before the process was started.
  """
  seconds: dict[str, float] = {}

  def note(part: str) -> None:
    seconds[part] = time.time() - began - sum(seconds.values())

  note('Python')
  for name in ('tensorflow', 'tensorflow_probability'):
    importlib.import_module(name)
  note('import tensorflow, tensorflow_probability')
  importlib.import_module('tf_mco')
  note('import tf_mco')
  experiment = importlib.import_module(
    'experiments.binary.experiment'
  ).EXPERIMENT
  note('import experiments')
  first_step = _prepare(experiment, note)
  first_step()
  note('XLA, and the first step')
  return seconds


def _prepare(experiment: Any, note: Callable[[str], None]) -> Callable:
  """Returns a compiled step that has been traced and not been called."""
  tf = importlib.import_module('tensorflow')
  settings = experiment.make_settings(next(iter(experiment.presets)), {})
  data = experiment.load_data(settings, {'data_dir': None})
  note('data')
  model = experiment.make_model(settings, data)
  x = tf.constant(data.train[: settings.batch_size])
  model.check_observations(x)
  note('model')
  step = tf.function(lambda: model.train_step(x), jit_compile=True)
  step.get_concrete_function()
  note('tracing')
  return step


def seconds_to_first_bound() -> float:
  """Returns the seconds from the start of the command to its first bound.

  Raises:
    RuntimeError: if the command ends without a bound.
  """
  with tempfile.TemporaryDirectory() as folder:
    start = time.perf_counter()
    with subprocess.Popen(
      [sys.executable, '-m', _PROGRAM, f'--output_dir={folder}'],
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    ) as command:
      try:
        for line in command.stdout or ():
          if line.startswith('step') and 'nats' in line:
            return time.perf_counter() - start
      finally:
        command.terminate()
  raise RuntimeError(f'{_PROGRAM} ended without a bound.')


def _start() -> dict[str, float]:
  """Returns the seconds of each part of a start, in a process of its own."""
  child = [sys.executable, '-m', 'benchmarks.startup']
  done = subprocess.run(
    [*child, f'--began={time.time()}'],
    capture_output=True,
    text=True,
    check=False,
  )
  if done.returncode:
    raise RuntimeError(f'The start failed:\n{done.stderr[-2000:]}')
  return json.loads(done.stdout.splitlines()[-1])


def table() -> str:
  """Runs every process, and returns the two tables as Markdown."""
  starts = [_start() for _ in range(_REPEATS)]
  rows = [
    (part, f'{statistics.median(start[part] for start in starts):.2f}')
    for part in starts[0]
  ]
  total = statistics.median(sum(start.values()) for start in starts)
  rows.append(('command to first step', f'{total:.2f}'))
  first = statistics.median(seconds_to_first_bound() for _ in range(_REPEATS))
  rows.append(('command to first bound', f'{first:.2f}'))
  return tabulate.tabulate(
    rows, [_PROGRAM, 's'], 'github', disable_numparse=True
  )


def main(argv: list[str]) -> None:
  """Prints the table."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  if flags.FLAGS.began is not None:
    print(json.dumps(run_child(flags.FLAGS.began)))
  else:
    print(table())


if __name__ == '__main__':
  flags.DEFINE_float('began', None, 'When the child was started.')
  app.run(main)
