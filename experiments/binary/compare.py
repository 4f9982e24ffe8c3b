"""The comparison `compare_binary`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import pathlib
from typing import Any

from experiments.binary import experiment as binary_experiment
from experiments.binary import settings as binary_settings
from experiments.framework import comparison
from experiments.framework import comparison_table
from experiments.framework import directory as run_directory
from experiments.framework import settings as settings_lib

# The SGD of the prior sees a mean over the batch here, and a sum in the
# multi-sample bounds of the original code. 50 times the original's rate of
# 1e-2 reproduces those, since a batch has 50 images.
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


class BinaryComparison(comparison.Comparison[binary_settings.BinarySettings]):
  """Compares the gradient estimators for binary latent variables."""

  name = 'compare_binary'
  experiment = binary_experiment.EXPERIMENT
  folder = 'compare'
  default_seeds = (0, 1)
  lists = {
    'estimators': comparison.NameList(
      ROWS, f'Some of {list(ROWS)}; default: all.'
    )
  }

  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> dict[str, dict[str, Any]]:
    """Returns a row for each estimator; its gradient's variance is tracked."""
    del preset
    return {
      label: {'track_variance': True, **flag_values, **ROWS[label]}
      for label in chosen['estimators'] or ROWS
    }

  def add_figures(
    self,
    results: comparison_table.Rows,
    paths: Mapping[str, Sequence[pathlib.Path]],
  ) -> None:
    """Adds the last running estimate of the gradient's variance."""
    for label, runs in results.items():
      for result, path in zip(runs, paths[label], strict=True):
        last = run_directory.read_metrics(path)[-1]
        result['gradient_variance_ema'] = last.get('gradient_variance_encoder')

  def columns(self, results: comparison_table.Rows) -> comparison_table.Columns:
    """Returns the columns of the table."""
    del results
    number = comparison_table.number
    return {
      'train ELBO': number('train_elbo', '.2f'),
      'test bound': number('test_bound', '.2f'),
      'its first 2,000': number('test_bound_first_2000', '.2f'),
      'gradient variance, EMA': number('gradient_variance_ema', '.4f'),
      'at the end, Monte Carlo': number('gradient_variance', '.4f'),
      'steps/s': number('steps_per_second', '.0f'),
    }

  def corner(self, settings: binary_settings.BinarySettings) -> str:
    """Returns the number of steps."""
    return f'{settings.steps:,} steps'

  def curve_label(self, settings: binary_settings.BinarySettings) -> str:
    """Returns what the curves show."""
    del settings
    return 'validation bound, 100 samples, nats'


COMPARISON = BinaryComparison()
