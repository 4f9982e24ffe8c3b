r"""The Gaussian study of adaptive importance sampling for learning (AISLE).

z ~ N(mu, Sigma), x | z ~ N(z, I), q(z | x) = N(A x + b, diag(exp(2 c))), the
model fixed at its maximum likelihood. Every gradient of the paper's table
trains q from a random start, in many repeats at once, with SGD on L1-normalised
gradients and with Adam, at the learning rate i^(-1/2). In the 'expressive'
family (Sigma = I) q can be the posterior; in the 'insufficient' one (Sigma =
0.95^(|d - d'| + 1)) it cannot, and each divergence has an optimum of its own.

Writes results.jsonl, tables.md and pictures. Interrupted, it goes on where it
was; given more methods, dims or samples, it adds them.

python -m experiments.aisle_gaussian --output_dir=/tmp/aisle
python -m experiments.aisle_gaussian --preset=paper

Reference: Finke and Thiery (2019), arXiv:1907.10477.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
import time
from typing import Any

from absl import app
from absl import flags
import tqdm

from experiments.aisle import descent as gaussian_descent
from experiments.aisle import methods as gaussian_methods
from experiments.aisle import plots as gaussian_plots
from experiments.aisle import problem as gaussian_problem
from experiments.aisle import settings as gaussian_settings
from experiments.aisle import study as gaussian_study
from experiments.aisle import tables as gaussian_tables
from experiments.runs import directory as run_directory

# Seconds between two states of the bar, on a terminal and in a log.
_TERMINAL_SECONDS, _LOG_SECONDS = 0.3, 30.0


def run(
  settings: gaussian_settings.Settings, output_dir: str | os.PathLike
) -> str:
  """Runs what is left of a study, and returns its tables."""
  directory = run_directory.RunDirectory.open(
    output_dir,
    dataclasses.asdict(settings),
    may_change=gaussian_settings.LISTS,
  )
  study = gaussian_study.Study(settings, directory.path)
  terminal = sys.stderr.isatty()
  with tqdm.tqdm(
    total=sum(map(study.work, study.tasks)),
    unit=' samples',
    unit_scale=True,
    mininterval=_TERMINAL_SECONDS if terminal else _LOG_SECONDS,
    smoothing=0.05,
    dynamic_ncols=terminal,
  ) as bar:
    for task in study.tasks:
      bar.set_postfix_str(' '.join(map(str, task)), refresh=False)
      study.run(task, bar.update)
  text = gaussian_tables.tables(study, settings)
  (directory.path / 'tables.md').write_text(text + '\n', encoding='utf-8')
  gaussian_plots.draw(study, settings, directory.path)
  return text


def define_flags() -> None:
  """Defines the flags, once `main` is what runs."""
  flags.DEFINE_enum(
    'preset',
    'quick',
    list(gaussian_settings.PRESETS),
    'quick takes minutes; paper is the whole study, and takes a day.',
  )
  flags.DEFINE_list(
    'families', None, f'Some of {list(gaussian_problem.FAMILIES)}.'
  )
  flags.DEFINE_list('dims', None, 'Dimensions D of z.')
  flags.DEFINE_list('samples', None, 'Samples K of a gradient.')
  flags.DEFINE_list(
    'optimizers', None, f'Some of {list(gaussian_descent.OPTIMIZERS)}.'
  )
  flags.DEFINE_list(
    'methods', None, f'Some of {list(gaussian_methods.METHODS)}.'
  )
  flags.DEFINE_integer('repeats', None, 'Problems, each with its own start.')
  flags.DEFINE_integer('iterations', None, 'Steps of an optimizer.')
  flags.DEFINE_integer('observations', None, 'Of each problem, N.')
  flags.DEFINE_integer(
    'variance_draws', None, 'Gradients whose variance is measured.'
  )
  flags.DEFINE_float('alpha', None, 'Of AISLE-alpha, above 1.')
  flags.DEFINE_integer('seed', None, 'Of all random numbers.')
  flags.DEFINE_string(
    'output_dir', None, 'Of the results; default: runs/aisle_gaussian-PRESET.'
  )


def given_flags() -> dict[str, Any]:
  """Returns the settings that flags give; ValueError if one is no integer."""
  names = [f.name for f in dataclasses.fields(gaussian_settings.Settings)]
  given = {
    name: tuple(value) if isinstance(value, list) else value
    for name in names
    if (value := flags.FLAGS[name].value) is not None
  }
  for name in ('dims', 'samples'):
    if name in given:
      given[name] = gaussian_settings.integers(name, given[name])
  return given


def main(argv: list[str]) -> None:
  """Reads the flags, prints the tables."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  preset = flags.FLAGS.preset
  output_dir = flags.FLAGS.output_dir or os.path.join(
    'runs', f'aisle_gaussian-{preset}'
  )
  start = time.process_time()
  try:
    text = run(
      gaussian_settings.make(preset, given_flags()),
      pathlib.Path(output_dir).expanduser(),
    )
  except ValueError as error:
    sys.exit(f'aisle_gaussian: {error}')
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command goes on.')
  seconds = time.process_time() - start
  print(f'{text}\n\n{seconds:.0f} CPU-seconds. Also in {output_dir}')


if __name__ == '__main__':
  define_flags()
  app.run(main)
