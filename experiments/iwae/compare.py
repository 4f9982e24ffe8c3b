"""The comparison `compare_iwae`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import pathlib
from typing import Any

from experiments.framework import comparison
from experiments.framework import comparison_table
from experiments.framework import paired_bounds
from experiments.framework import settings as settings_lib
from experiments.iwae import experiment as iwae_experiment
from experiments.iwae import settings as iwae_settings

ROWS: dict[str, dict[str, Any]] = {
  'VAE = IWAE K=1': {'estimator': 'elbo', 'num_samples': 1},
  'VAE K=5': {'estimator': 'elbo', 'num_samples': 5},
  'VAE K=50': {'estimator': 'elbo', 'num_samples': 50},
  'IWAE K=5': {'estimator': 'iwae', 'num_samples': 5},
  'IWAE K=50': {'estimator': 'iwae', 'num_samples': 50},
  'DReG K=50': {'estimator': 'dreg', 'num_samples': 50},
}
_DEFAULT_ROWS = list(ROWS)[:5]


class IwaeComparison(comparison.Comparison[iwae_settings.IwaeSettings]):
  """Compares VAE and IWAE at K = 1, 5 and 50, as the IWAE paper does."""

  name = 'compare_iwae'
  experiment = iwae_experiment.EXPERIMENT
  folder = 'compare-iwae'
  default_preset = 'quick'
  lists = {
    'rows': comparison.NameList(
      ROWS, f'Some of {list(ROWS)}; default: the first.'
    )
  }

  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> dict[str, dict[str, Any]]:
    """Returns a row for each estimator and number of samples."""
    del preset
    return {
      label: {**flag_values, **ROWS[label]}
      for label in chosen['rows'] or _DEFAULT_ROWS
    }

  def add_figures(
    self,
    results: comparison_table.Rows,
    paths: Mapping[str, Sequence[pathlib.Path]],
  ) -> None:
    """Adds the gain of each run over the run of the first row."""
    paired_bounds.add_gains(results, paths)

  def columns(self, results: comparison_table.Rows) -> comparison_table.Columns:
    """Returns the columns of the table, named after what was measured.

    Raises:
      ValueError: if the results are not of the same binarization, number of
        samples and images, and so share no table.
    """
    binarization, samples, examples = comparison_table.common(
      results,
      ('binarization', 'test_samples', 'test_examples'),
      'binarization, samples and test images',
    )
    name = f'L_{samples}, {examples:,} test images, {binarization} binarization'
    number = comparison_table.number
    return {
      f'{name} (nats)': number('test_bound', '.2f'),
      'less that of the first row, paired': paired_bounds.gain,
      'active units': lambda run: '+'.join(map(str, run['active_units'])),
      'L without the inactive': number('bound_without_inactive', '.2f'),
      'steps/s': number('steps_per_second', '.0f'),
    }

  def corner(self, settings: iwae_settings.IwaeSettings) -> str:
    """Returns data set, number of layers and steps."""
    layers = f'{settings.num_layers} layer(s)'
    return f'{settings.dataset}, {layers}, {settings.steps:,} steps'

  def curve_label(self, settings: iwae_settings.IwaeSettings) -> str:
    """Returns what the curves show."""
    return f'validation bound, {settings.eval_samples} samples, nats'


COMPARISON = IwaeComparison()
