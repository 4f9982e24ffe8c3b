r"""Compares the plain VAE with Hamiltonian ones, K = 1, 5 and 10 steps.

Trains one model for each row and seed, as `train_hvae` would, all of them for
as many epochs, and writes a table (comparison.md) and the learning curves
(comparison.png). Interrupted, it goes on where it was.

python -m experiments.compare_hvae             # minutes: VAE, K = 1 and 5
python -m experiments.compare_hvae --preset=mnist     # the original's: days
python -m experiments.compare_hvae --rows='VAE,HVAE K=5 fixed' --seeds=0,1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

from absl import app
from absl import flags
import numpy as np

from experiments import command_line
from experiments import compare_iwae
from experiments import comparison
from experiments import hvae_closing
from experiments import hvae_settings
from experiments import plots
from experiments import run_directory
from experiments import train_hvae
from tf_mco.posteriors import hamiltonian_tempering

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


def curves(
  plan: Mapping[str, Sequence[hvae_settings.Settings]],
  output_dir: pathlib.Path,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
  """Returns steps and validation ELBO by row, while all its seeds train."""
  found = {}
  for label, runs in plan.items():
    metrics = [
      run_directory.read_metrics(output_dir / settings.label)
      for settings in runs
    ]
    common = min(map(len, metrics))  # they stop when their patience is over
    steps = np.array([line['step'] for line in metrics[0][:common]])
    values = [[line['valid_bound'] for line in m[:common]] for m in metrics]
    found[label] = steps, np.mean(values, axis=0)
  return found


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
  compare_iwae.add_gains(results, bounds)
  one = plan[labels[0]][0]
  corner = f'{one.dataset}, z = {one.units}, {one.steps:,} steps'
  text = comparison.table(results, columns(results), corner)
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    curves(plan, output_dir),
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel='validation ELBO, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )
  return text


def _start() -> None:
  values = flags.FLAGS
  output_dir = values.output_dir or os.path.join(
    'runs', f'compare-hvae-{values.preset}'
  )
  text = run(
    values.preset,
    train_hvae.given_flags(),
    values.rows or _DEFAULT_ROWS.get(values.preset, list(ROWS)),
    [int(seed) for seed in values.seeds],
    pathlib.Path(output_dir),
    data_dir=values.data_dir,
    chardata=values.chardata,
  )
  print(f'\n{text}\n\nAlso in {output_dir}')


def main(argv: list[str]) -> None:
  """Reads the flags of `train_hvae` and two of its own."""
  command_line.run('compare_hvae', argv, _start)


if __name__ == '__main__':
  train_hvae.define_flags()
  flags.FLAGS.set_default('preset', 'quick')
  flags.DEFINE_list('seeds', ['0'], 'Seeds, one run each.')
  flags.DEFINE_list(
    'rows', None, f'Some of {list(ROWS)}; default: all, of quick three.'
  )
  app.run(main)
