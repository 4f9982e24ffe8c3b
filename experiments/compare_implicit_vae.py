r"""Compares VAEs with normal, Gamma, Beta and von Mises latent variables.

Trains one model for each family and estimator, as `train_implicit_vae` would,
and writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_implicit_vae
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

from absl import app
from absl import flags

from experiments import command_line
from experiments import comparison
from experiments import implicit_vae_settings
from experiments import latent_families
from experiments import plots
from experiments import train_implicit_vae

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
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    comparison.curves(plan, output_dir),
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel=f'validation bound, {one.eval_samples} samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )
  return text


def _bound(one: Any) -> str:
  return f'{one["test_bound"]:.2f} ± {one["test_bound_standard_error"]:.2f}'


def _start() -> None:
  values = flags.FLAGS
  output_dir = values.output_dir or os.path.join(
    'runs', f'compare-implicit-vae-{values.preset}'
  )
  text = run(
    values.preset,
    train_implicit_vae.given_flags(),
    values.families,
    values.estimators,
    [int(seed) for seed in values.seeds],
    pathlib.Path(output_dir),
    data_dir=values.data_dir,
    chardata=values.chardata,
  )
  print(f'\n{text}\n\nAlso in {output_dir}')


def main(argv: list[str]) -> None:
  """Reads the flags of `train_implicit_vae` and three of its own."""
  command_line.run('compare_implicit_vae', argv, _start)


if __name__ == '__main__':
  train_implicit_vae.define_flags()
  flags.FLAGS.set_default('preset', 'mnist')
  flags.DEFINE_list('seeds', ['0'], 'Seeds, one run each.')
  flags.DEFINE_list('families', list(latent_families.FAMILIES), 'Some of them.')
  flags.DEFINE_list('estimators', list(ESTIMATORS), 'Some of them.')
  app.run(main)
