r"""Compares VAEs with normal, Gamma, Beta and von Mises latent variables.

Trains one model for each family and estimator, as `train_implicit_vae` would,
and writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_implicit_vae
"""

from __future__ import annotations

import pathlib
from typing import Any

from absl import app

from experiments import train_implicit_vae
from experiments.implicit import latent_families
from experiments.implicit import vae_settings as implicit_vae_settings
from experiments.runs import comparison
from experiments.runs import comparison_program

ESTIMATORS: dict[str, dict[str, Any]] = {
  'ELBO': {'estimator': 'elbo', 'num_samples': 1},
  'IWAE K=5': {'estimator': 'iwae', 'num_samples': 5},
  'DReG K=5': {'estimator': 'dreg', 'num_samples': 5},
}


def run(
  preset: str,
  given: dict[str, Any],
  families: list[str],
  labels: list[str],
  seeds: list[int],
  output_dir: pathlib.Path,
  **data: Any,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  comparison.known(families, latent_families.FAMILIES, 'families')
  comparison.known(labels, ESTIMATORS, 'estimators')
  plan = {
    f'{family}, {label}': [
      implicit_vae_settings.make(
        preset,
        {**given, **ESTIMATORS[label], 'latent': family, 'seed': seed},
      )
      for seed in seeds
    ]
    for family in families
    for label in labels
  }
  results = comparison.train_all(
    plan,
    lambda settings, path: train_implicit_vae.run(settings, path, **data),
    output_dir,
  )
  one = next(iter(plan.values()))[0]
  examples = next(iter(results.values()))[0]['test_examples']
  text = comparison.table(
    results,
    {
      f'L_{one.test_samples}, {examples:,} test images (nats)': _bound,
      'steps/s': comparison.number('steps_per_second', '.0f'),
    },
    f'{one.dataset}, {one.units} latent variables, {one.steps:,} steps',
  )
  return comparison.write(
    text,
    comparison.curves(plan, output_dir),
    output_dir,
    ylabel=f'validation bound, {one.eval_samples} samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )


def _bound(one: Any) -> str:
  return f'{one["test_bound"]:.2f} ± {one["test_bound_standard_error"]:.2f}'


COMPARISON = comparison_program.Comparison(
  name='compare_implicit_vae',
  program=train_implicit_vae.PROGRAM,
  run=run,
  lists={
    'families': (tuple(latent_families.FAMILIES), 'Some of them.'),
    'estimators': (tuple(ESTIMATORS), 'Some of them.'),
  },
  folder='compare-implicit-vae',
  preset='mnist',
)

if __name__ == '__main__':
  COMPARISON.define_flags()
  app.run(COMPARISON.main)
