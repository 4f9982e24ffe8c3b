r"""Compares the plain VAE with Hamiltonian ones, K = 1, 5 and 10 steps.

Trains one model for each row and seed, as `train_hvae` would, all of them for
as many epochs, and writes a table (comparison.md) and the learning curves
(comparison.png). Interrupted, it goes on where it was.

python -m experiments.compare_hvae             # minutes: VAE, K = 1 and 5
python -m experiments.compare_hvae --preset=mnist     # the original's: days
python -m experiments.compare_hvae --rows='VAE,HVAE K=5 fixed' --seeds=0,1
"""

from __future__ import annotations

from collections.abc import Mapping
import pathlib
from typing import Any

from absl import app

from experiments import train_hvae
from experiments.hvae import closing as hvae_closing
from experiments.hvae import settings as hvae_settings
from experiments.runs import comparison
from experiments.runs import comparison_program
from tf_mco.posteriors.hamiltonian import tempering as hamiltonian_tempering

ROWS: dict[str, dict[str, Any]] = {
  'VAE': {'leapfrog_steps': 0, 'tempering': 'none'},
  **{
    f'HVAE K={steps} {tempering}': {
      'leapfrog_steps': steps,
      'tempering': tempering,
    }
    for steps in (1, 5, 10)
    for tempering in hamiltonian_tempering.TEMPERINGS
  },
}
_DEFAULT_ROWS = {'quick': ['VAE', 'HVAE K=1 fixed', 'HVAE K=5 fixed']}


def columns(results: comparison.Results) -> dict[str, Any]:
  """Returns the columns of the table, named after what was measured.

  Raises:
    ValueError: if the results are not of the same samples and images.
  """
  kinds = {
    tuple(one[f'test_{name}'] for name in ('samples', 'examples', 'repeats'))
    for runs in results.values()
    for one in runs
  }
  if len(kinds) != 1:
    raise ValueError(
      'Results of one table must agree in samples, test images and '
      f'binarizations. Received: {sorted(kinds)}'
    )
  ((samples, examples, repeats),) = kinds
  return {
    f'ELBO, {examples:,} test images, {repeats} binarizations (nats)': (
      lambda one: hvae_closing.figure(one, 'test_elbo')
    ),
    f'log-likelihood, {samples} samples (nats)': (
      lambda one: hvae_closing.figure(one, 'test_bound')
    ),
    'less that of the first row, paired': _gain,
    'best step': comparison.number('best_step', ',d'),
    'steps/s': comparison.number('steps_per_second', '.1f'),
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
  labels = labels or _DEFAULT_ROWS.get(preset, list(ROWS))
  comparison.known(labels, ROWS, 'rows')

  def settings_of(label: str, seed: int) -> hvae_settings.Settings:
    return hvae_settings.make(preset, {**given, **ROWS[label], 'seed': seed})

  plan = {label: [settings_of(label, s) for s in seeds] for label in labels}
  results = comparison.train_all(
    plan,
    lambda settings, path: train_hvae.run(settings, path, **data),
    output_dir,
  )
  bounds = {
    label: [
      hvae_closing.read_bounds(output_dir / settings.label) for settings in runs
    ]
    for label, runs in plan.items()
  }
  comparison.add_gains(results, bounds)
  one = plan[labels[0]][0]
  corner = f'{one.dataset}, z = {one.units}, {one.steps:,} steps'
  text = comparison.table(results, columns(results), corner)
  return comparison.write(
    text,
    comparison.curves(plan, output_dir),
    output_dir,
    ylabel='validation ELBO, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )


COMPARISON = comparison_program.Comparison(
  name='compare_hvae',
  program=train_hvae.PROGRAM,
  run=run,
  lists={
    'rows': (None, f'Some of {list(ROWS)}; default: all, of quick three.')
  },
  folder='compare-hvae',
  preset='quick',
)

if __name__ == '__main__':
  COMPARISON.define_flags()
  app.run(COMPARISON.main)
