r"""The Gaussian study of the Hamiltonian VAE: learning Delta and sigma.

N points share one z ~ N(0, I): x_i | z ~ N(z + Delta, diag(sigma^2)). Every
method starts from q = N(0, I) and learns Delta, sigma and its own parameters by
RMSProp, on several data sets at once, each with parameters of its own.

Writes results.jsonl, tables.md and error.png. Interrupted, it goes on with the
first method that was not finished; given more dims or methods, it adds them.

python -m experiments.hvae_gaussian --output_dir=/tmp/hvae
python -m experiments.hvae_gaussian --nf_missing_half --nf_shared  # originals'

Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328, section 4.
"""

from __future__ import annotations

import dataclasses
import math
import os
import pathlib
import sys
import time
from typing import Any

from absl import app
from absl import flags
import numpy as np
import tqdm

from experiments.hvae_study import methods
from experiments.hvae_study import problem as problem_lib
from experiments.hvae_study import report
from experiments.hvae_study import settings as settings_lib
from experiments.hvae_study import training
from experiments.hvae_study import xla_options
from experiments.runs import directory as run_directory
from experiments.runs import strict_json

RESULTS = 'results.jsonl'


def run(settings: settings_lib.Settings, output_dir: str | os.PathLike) -> str:
  """Runs what is left of a study, and returns its tables."""
  path = run_directory.RunDirectory.open(
    output_dir, dataclasses.asdict(settings), may_change=settings_lib.LISTS
  ).path
  results = _read(path / RESULTS)
  tasks = [
    (dims, name)
    for dims in settings.dims
    for name in (report.REFERENCE, *settings.methods)
  ]
  terminal = sys.stderr.isatty()
  with tqdm.tqdm(tasks, dynamic_ncols=terminal) as bar:
    for dims, name in bar:
      bar.set_postfix_str(f'{dims} {name}', refresh=terminal)
      if (dims, name) not in results:
        line = strict_json.line(_run_one(settings, dims, name))
        with (path / RESULTS).open('a', encoding='utf-8') as file:
          file.write(line)
        results = _read(path / RESULTS)
  text = report.tables(results, settings)
  (path / 'tables.md').write_text(text + '\n', encoding='utf-8')
  report.draw(results, settings, path)
  return text


def _run_one(
  settings: settings_lib.Settings, dims: int, name: str
) -> dict[str, Any]:
  """Returns the line of one method at one dimension."""
  start = time.process_time()
  problem = problem_lib.make(
    dims,
    repeats=settings.repeats,
    num_points=settings.num_points,
    seed=settings.seed,
  )
  if name == report.REFERENCE:
    delta, sigma = problem.maximum_likelihood
    elbo = problem.log_evidence(delta, sigma)
  else:
    found, elbo = training.train(
      name,
      problem,
      settings.options,
      iterations=settings.iterations,
      learning_rate=settings.learning_rate,
      seed=settings.seed,
    )
    delta, sigma = found['delta'], np.exp(found['log_sigma'])
  measures = {
    **problem.errors(delta, sigma),
    'elbo': elbo,
    'gap': problem.log_evidence(delta, sigma) - elbo,
  }
  line: dict[str, Any] = {'dims': dims, 'method': name}
  for measure, values in measures.items():
    line[measure] = float(np.mean(values))
    spread = np.std(values, ddof=1) if len(values) > 1 else math.nan
    line[f'{measure}_error'] = float(spread / math.sqrt(len(values)))
  line['cpu_seconds'] = time.process_time() - start
  return line


def _read(path: pathlib.Path) -> dict[tuple[int, str], dict[str, Any]]:
  """Returns the finished lines, by dimension and method."""
  strict_json.drop_half_line(path)
  if not path.exists():
    return {}
  lines = map(strict_json.with_numbers, strict_json.read_lines(path))
  return {(line['dims'], line['method']): line for line in lines}


def define_flags() -> None:
  """Defines the flags, once `main` is what runs."""
  flags.DEFINE_enum(
    'preset',
    'small',
    list(settings_lib.PRESETS),
    'small goes up to 51 dimensions, paper to 301.',
  )
  flags.DEFINE_list('dims', None, 'Dimensions D.')
  flags.DEFINE_list('methods', None, f'Some of {list(methods.METHODS)}.')
  flags.DEFINE_integer('repeats', None, 'Data sets, trained at once.')
  flags.DEFINE_integer('num_points', None, 'Points of a data set, N.')
  flags.DEFINE_integer('iterations', None, 'Steps of RMSProp.')
  flags.DEFINE_integer('samples', None, 'Samples of the ELBO in a step.')
  flags.DEFINE_float('learning_rate', None, 'Of RMSProp.')
  flags.DEFINE_string(
    'schedule', None, 'Of tempering: inverse_sqrt_beta or variance.'
  )
  flags.DEFINE_boolean(
    'nf_missing_half',
    None,
    "Whether the planar flow's likelihood lacks the 1/2 of its squares, as the "
    "original's does: its sigma is then off by sqrt(2).",
  )
  flags.DEFINE_boolean(
    'nf_shared', None, 'Whether all planar layers are one, as the original.'
  )
  flags.DEFINE_integer('seed', None, 'Of data, starts and noise.')
  flags.DEFINE_string(
    'output_dir', None, 'Of the results; default: runs/hvae_gaussian-PRESET.'
  )


def given_flags() -> dict[str, Any]:
  """Returns the settings that flags give; ValueError for bad dims."""
  given = {
    field.name: value
    for field in dataclasses.fields(settings_lib.Settings)
    if (value := flags.FLAGS[field.name].value) is not None
  }
  if 'methods' in given:
    given['methods'] = tuple(given['methods'])
  if 'dims' in given:
    try:
      given['dims'] = tuple(int(value) for value in given['dims'])
    except ValueError as error:
      raise ValueError(
        f'Expected integers. Received: --dims={",".join(given["dims"])}'
      ) from error
  return given


def main(argv: list[str]) -> None:
  """Reads the flags, prints the tables."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  preset = flags.FLAGS.preset
  default = os.path.join('runs', f'hvae_gaussian-{preset}')
  output_dir = flags.FLAGS.output_dir or default
  xla_options.disable_fusion()  # tempered, K = 10: 40 CPU-seconds, not 180
  start = time.process_time()
  try:
    text = run(settings_lib.make(preset, given_flags()), output_dir)
  except ValueError as error:
    sys.exit(f'hvae_gaussian: {error}')
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command goes on.')
  seconds = time.process_time() - start
  print(f'{text}\n\n{seconds:.0f} CPU-seconds. Also in {output_dir}')


if __name__ == '__main__':
  define_flags()
  app.run(main)
