r"""Compares VAE and IWAE at K = 1, 5 and 50, as the IWAE paper does.

Trains one model for each row and seed, as `train_iwae` would, and writes a
table (comparison.md) and the learning curves (comparison.png). Interrupted, it
goes on where it was.

python -m experiments.compare_iwae                    # the paper's order, short
python -m experiments.compare_iwae --preset=mnist_1_layer        # the paper's
"""

from __future__ import annotations

from collections.abc import Mapping
import pathlib
from typing import Any

from absl import app

from experiments import train_iwae
from experiments.iwae import closing as iwae_closing
from experiments.iwae import settings as iwae_settings
from experiments.runs import comparison
from experiments.runs import comparison_program

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


def run(
  preset: str,
  given: dict[str, Any],
  labels: list[str] | None,
  seeds: list[int],
  output_dir: pathlib.Path,
  **data: Any,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  labels = labels or _DEFAULT_ROWS
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
  comparison.add_gains(results, bounds)
  one = plan[labels[0]][0]
  corner = f'{one.dataset}, {one.num_layers} layer(s), {one.steps:,} steps'
  text = comparison.table(results, columns(results), corner)
  return comparison.write(
    text,
    comparison.curves(plan, output_dir),
    output_dir,
    ylabel=f'validation bound, {one.eval_samples} samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )


COMPARISON = comparison_program.Comparison(
  name='compare_iwae',
  program=train_iwae.PROGRAM,
  run=run,
  lists={'rows': (None, f'Some of {list(ROWS)}; default: the first.')},
  folder='compare-iwae',
  preset='quick',
)

if __name__ == '__main__':
  COMPARISON.define_flags()
  app.run(COMPARISON.main)
