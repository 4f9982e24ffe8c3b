r"""Compares the gradient estimators for binary latent variables.

Trains one model for each estimator and seed, as `train_binary` would, and
writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_binary --preset=mnist_linear --steps=50000
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

from absl import app
from absl import flags
from absl import logging
import keras
import numpy as np
import tabulate

from experiments import plots
from experiments import run_directory
from experiments import settings as settings_lib
from experiments import train_binary

# The SGD of the prior sees a mean over the batch here, a sum in the original's
# multi-sample bounds: 50 times its rate of 1e-2 reproduces those.
_SUMMED = {'prior_learning_rate': 0.5}
ROWS: dict[str, dict[str, Any]] = {
  'DisARM, 1 pair': {'estimator': 'disarm', 'num_pairs': 1},
  'ARM, 1 pair': {'estimator': 'arm', 'num_pairs': 1},
  'REINFORCE-LOO, K=2': {'estimator': 'reinforce_loo', 'num_samples': 2},
  'VIMCO, K=4': {'estimator': 'vimco', 'num_samples': 4, **_SUMMED},
  'local DisARM, 2 pairs': {
    'estimator': 'local_disarm',
    'num_pairs': 2,
    **_SUMMED,
  },
}


def table(results: dict[str, list[dict[str, float]]], steps: int) -> str:
  """Returns a Markdown table: one row per estimator, all seeds in a cell."""
  columns = {
    'train ELBO': ('train_elbo', '.2f'),
    'test bound': ('test_bound', '.2f'),
    'its first 2,000': ('test_bound_first_2000', '.2f'),
    'gradient variance, EMA': ('gradient_variance_ema', '.4f'),
    'at the end, Monte Carlo': ('gradient_variance', '.4f'),
    'steps/s': ('steps_per_second', '.0f'),
  }

  def cell(runs: list[dict[str, float]], name: str, form: str) -> str:
    values = [one.get(name) for one in runs]
    return ' / '.join('-' if v is None else format(v, form) for v in values)

  rows = [
    [label, *(cell(runs, *column) for column in columns.values())]
    for label, runs in results.items()
  ]
  headers = [f'{steps:,} steps', *columns]
  return tabulate.tabulate(
    rows, headers=headers, tablefmt='github', disable_numparse=True
  )


def _curve(paths: list[pathlib.Path]) -> tuple[np.ndarray, np.ndarray]:
  """Returns steps and the validation bound, averaged over the seeds."""
  metrics = [run_directory.read_metrics(path) for path in paths]
  steps = np.array([line['step'] for line in metrics[0]])
  bounds = [[line['valid_bound'] for line in lines] for lines in metrics]
  return steps, np.mean(bounds, axis=0)


def run(
  preset: str,
  given: dict[str, Any],
  labels: list[str],
  seeds: list[int],
  output_dir: pathlib.Path,
  **data: Any,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  unknown = sorted(set(labels) - set(ROWS))
  if unknown:
    raise ValueError(
      f'Unknown --estimators. Expected some of {list(ROWS)}. Received: '
      f'{unknown}'
    )
  results: dict[str, list[dict[str, float]]] = {}
  curves = {}
  steps = 0
  for label in labels:
    paths = []
    for seed in seeds:
      flag_values = {'track_variance': True, **given, **ROWS[label]}
      settings = settings_lib.make(preset, {**flag_values, 'seed': seed})
      steps = settings.steps
      path = output_dir / settings.label
      print(f'\n{label}, seed {seed}')
      found = train_binary.run(settings, str(path), **data)
      last = run_directory.read_metrics(path)[-1]
      found['gradient_variance_ema'] = last.get('gradient_variance_encoder')
      results.setdefault(label, []).append(found)
      paths.append(path)
      keras.backend.clear_session()
    curves[label] = _curve(paths)
  text = table(results, steps)
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    curves,
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel='validation bound, 100 samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )
  return text


def main(argv: list[str]) -> None:
  """Reads the flags of `train_binary` and two of its own."""
  if len(argv) > 1:
    raise app.UsageError(f'Unknown arguments: {" ".join(argv[1:])}')
  if not flags.FLAGS['verbosity'].present:
    logging.set_verbosity(logging.ERROR)
  values = flags.FLAGS
  preset = values.preset
  output_dir = values.output_dir or os.path.join('runs', f'compare-{preset}')
  try:
    text = run(
      preset,
      train_binary.given_flags(),
      values.estimators or list(ROWS),
      [int(seed) for seed in values.seeds],
      pathlib.Path(output_dir),
      data_dir=values.data_dir,
      chardata=values.chardata,
    )
  except (ValueError, FileNotFoundError) as error:
    sys.exit(f'compare_binary: {error}')
  except KeyboardInterrupt:
    sys.exit('\nInterrupted; the same command goes on.')
  print(f'\n{text}\n\nAlso in {output_dir}')


if __name__ == '__main__':
  train_binary.define_flags()
  flags.DEFINE_list('seeds', ['0', '1'], 'Seeds, one run each.')
  flags.DEFINE_list('estimators', None, f'Some of {list(ROWS)}; default: all.')
  app.run(main)
