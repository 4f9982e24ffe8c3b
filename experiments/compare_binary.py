r"""Compares the gradient estimators for binary latent variables.

Trains one model for each estimator and seed, as `train_binary` would, and
writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_binary --preset=mnist_linear --steps=50000
"""

from __future__ import annotations

import pathlib
from typing import Any

from absl import app

from experiments import train_binary
from experiments.binary import settings as settings_lib
from experiments.runs import comparison
from experiments.runs import comparison_program
from experiments.runs import directory as run_directory

# The SGD of the prior sees a mean over the batch here, a sum in the original's
# multi-sample bounds: 50 times its rate of 1e-2 reproduces those.
_SUMMED = {'prior_learning_rate': 0.5}
ROWS: dict[str, dict[str, Any]] = {
  'DisARM 1 pair': {'estimator': 'disarm', 'num_pairs': 1},
  'ARM 1 pair': {'estimator': 'arm', 'num_pairs': 1},
  'REINFORCE-LOO K=2': {'estimator': 'reinforce_loo', 'num_samples': 2},
  'VIMCO K=4': {'estimator': 'vimco', 'num_samples': 4, **_SUMMED},
  'local DisARM 2 pairs': {
    'estimator': 'local_disarm',
    'num_pairs': 2,
    **_SUMMED,
  },
}
_COLUMNS = {
  'train ELBO': comparison.number('train_elbo', '.2f'),
  'test bound': comparison.number('test_bound', '.2f'),
  'its first 2,000': comparison.number('test_bound_first_2000', '.2f'),
  'gradient variance, EMA': comparison.number('gradient_variance_ema', '.4f'),
  'at the end, Monte Carlo': comparison.number('gradient_variance', '.4f'),
  'steps/s': comparison.number('steps_per_second', '.0f'),
}


def run(
  preset: str,
  given: dict[str, Any],
  labels: list[str] | None,
  seeds: list[int],
  output_dir: pathlib.Path,
  **data: Any,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  labels = labels or list(ROWS)
  comparison.known(labels, ROWS, 'estimators')

  def settings_of(label: str, seed: int) -> settings_lib.Settings:
    flag_values = {'track_variance': True, **given, **ROWS[label]}
    return settings_lib.make(preset, {**flag_values, 'seed': seed})

  def train(settings: settings_lib.Settings, path: str) -> dict[str, Any]:
    found = train_binary.run(settings, path, **data)
    last = run_directory.read_metrics(path)[-1]
    return {
      **found,
      'gradient_variance_ema': last.get('gradient_variance_encoder'),
    }

  plan = {label: [settings_of(label, s) for s in seeds] for label in labels}
  results = comparison.train_all(plan, train, output_dir)
  steps = plan[labels[0]][0].steps
  text = comparison.table(results, _COLUMNS, f'{steps:,} steps')
  return comparison.write(
    text,
    comparison.curves(plan, output_dir),
    output_dir,
    ylabel='validation bound, 100 samples, nats',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )


COMPARISON = comparison_program.Comparison(
  name='compare_binary',
  program=train_binary.PROGRAM,
  run=run,
  lists={'estimators': (None, f'Some of {list(ROWS)}; default: all.')},
  folder='compare',
  seeds=('0', '1'),
)

if __name__ == '__main__':
  COMPARISON.define_flags()
  app.run(COMPARISON.main)
