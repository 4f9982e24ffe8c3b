r"""Compares VAE and IWAE at K = 1, 5 and 50, as the IWAE paper does.

Trains one model for each row and seed, as `train_iwae` would, and writes a
table (comparison.md) and the learning curves (comparison.png). Interrupted, it
goes on where it was.

python -m experiments.compare_iwae                    # the paper's order, short
python -m experiments.compare_iwae --preset=mnist_1_layer        # the paper's
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
import os
import pathlib
from typing import Any

from absl import app
from absl import flags
import numpy as np

from experiments import command_line
from experiments import comparison
from experiments import iwae_closing
from experiments import iwae_settings
from experiments import plots
from experiments import train_iwae

ROWS: dict[str, dict[str, Any]] = {
  'VAE = IWAE K=1': {'estimator': 'elbo', 'num_samples': 1},
  'VAE K=5': {'estimator': 'elbo', 'num_samples': 5},
  'VAE K=50': {'estimator': 'elbo', 'num_samples': 50},
  'IWAE K=5': {'estimator': 'iwae', 'num_samples': 5},
  'IWAE K=50': {'estimator': 'iwae', 'num_samples': 50},
  'DReG K=50': {'estimator': 'dreg', 'num_samples': 50},
}
_DEFAULT_ROWS = list(ROWS)[:5]


def columns(results: comparison.Results) -> dict[str, Any]:
  """Returns the columns of the table, named after what was measured.

  Raises:
    ValueError: if the results are not of the same binarization, number of
      samples and images: they share no table.
  """
  kinds = {
    (one['binarization'], one['test_samples'], one['test_examples'])
    for runs in results.values()
    for one in runs
  }
  if len(kinds) != 1:
    raise ValueError(
      'Results of one table must agree in binarization, samples and test '
      f'images. Received: {sorted(kinds)}'
    )
  ((binarization, samples, examples),) = kinds
  name = f'L_{samples}, {examples:,} test images, {binarization} binarization'
  return {
    f'{name} (nats)': comparison.number('test_bound', '.2f'),
    'less that of the first row, paired': _gain,
    'active units': lambda one: '+'.join(map(str, one['active_units'])),
    'L without the inactive': comparison.number(
      'bound_without_inactive', '.2f'
    ),
    'steps/s': comparison.number('steps_per_second', '.0f'),
  }


def _gain(one: Mapping[str, Any]) -> str:
  return f'{one["gain"]:+.2f} ± {one["gain_standard_error"]:.2f}'


def add_gains(
  results: Mapping[str, Sequence[dict[str, Any]]],
  bounds: Mapping[str, Sequence[np.ndarray]],
) -> None:
  """Adds to each result what it gains over the first row, image by image.

  The standard error is that of the test images, which the difference of two
  models depends on far less than the bound of either; not that of training.
  """
  first = next(iter(bounds.values()))
  for label, runs in results.items():
    for one, mine, base in zip(runs, bounds[label], first, strict=True):
      gain = mine - base
      one['gain'] = float(gain.mean())
      one['gain_standard_error'] = float(gain.std() / math.sqrt(gain.size))


def run(
  preset: str,
  given: dict[str, Any],
  labels: list[str],
  seeds: list[int],
  output_dir: pathlib.Path,
  **data: Any,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  comparison.known(labels, ROWS, 'rows')

  def settings_of(label: str, seed: int) -> iwae_settings.Settings:
    flag_values = {**given, **ROWS[label], 'seed': seed}
    return iwae_settings.make(preset, flag_values)

  plan = {label: [settings_of(label, s) for s in seeds] for label in labels}
  results = comparison.train_all(
    plan,
    lambda settings, path: train_iwae.run(settings, path, **data),
    output_dir,
  )
  bounds = {
    label: [
      iwae_closing.read_bounds(output_dir / settings.label) for settings in runs
    ]
    for label, runs in plan.items()
  }
  add_gains(results, bounds)
  one = plan[labels[0]][0]
  corner = f'{one.dataset}, {one.num_layers} layer(s), {one.steps:,} steps'
  text = comparison.table(results, columns(results), corner)
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    comparison.curves(plan, output_dir),
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel=f'validation bound, {one.eval_samples} samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )
  return text


def _start() -> None:
  values = flags.FLAGS
  output_dir = values.output_dir or os.path.join(
    'runs', f'compare-iwae-{values.preset}'
  )
  text = run(
    values.preset,
    train_iwae.given_flags(),
    values.rows or _DEFAULT_ROWS,
    [int(seed) for seed in values.seeds],
    pathlib.Path(output_dir),
    data_dir=values.data_dir,
    chardata=values.chardata,
  )
  print(f'\n{text}\n\nAlso in {output_dir}')


def main(argv: list[str]) -> None:
  """Reads the flags of `train_iwae` and two of its own."""
  command_line.run('compare_iwae', argv, _start)


if __name__ == '__main__':
  train_iwae.define_flags()
  flags.FLAGS.set_default('preset', 'quick')
  flags.DEFINE_list('seeds', ['0'], 'Seeds, one run each.')
  flags.DEFINE_list('rows', None, f'Some of {list(ROWS)}; default: the first.')
  app.run(main)
