"""The comparison `compare_hvae`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import pathlib
from typing import Any

from experiments.framework import comparison
from experiments.framework import comparison_table
from experiments.framework import paired_bounds
from experiments.framework import report
from experiments.framework import settings as settings_lib
from experiments.hvae import experiment as hvae_experiment
from experiments.hvae import settings as hvae_settings
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


class HvaeComparison(comparison.Comparison[hvae_settings.HvaeSettings]):
  """Compares the plain VAE with Hamiltonian ones of 1, 5 and 10 steps."""

  name = 'compare_hvae'
  experiment = hvae_experiment.EXPERIMENT
  folder = 'compare-hvae'
  default_preset = 'quick'
  lists = {
    'rows': comparison.NameList(
      ROWS, f'Some of {list(ROWS)}; default: all, of quick three.'
    )
  }

  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> dict[str, dict[str, Any]]:
    """Returns a row for each number of leapfrog steps and tempering."""
    labels = chosen['rows'] or _DEFAULT_ROWS.get(preset, list(ROWS))
    return {label: {**flag_values, **ROWS[label]} for label in labels}

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
      ValueError: if the results are not of the same samples and images.
    """
    samples, examples, repeats = comparison_table.common(
      results,
      ('test_samples', 'test_examples', 'test_repeats'),
      'samples, test images and binarizations',
    )
    return {
      f'ELBO, {examples:,} test images, {repeats} binarizations (nats)': (
        lambda run: report.with_error(run, 'test_elbo')
      ),
      f'log-likelihood, {samples} samples (nats)': (
        lambda run: report.with_error(run, 'test_bound')
      ),
      'less that of the first row, paired': paired_bounds.gain,
      'best step': comparison_table.number('best_step', ',d'),
      'steps/s': comparison_table.number('steps_per_second', '.1f'),
    }

  def corner(self, settings: hvae_settings.HvaeSettings) -> str:
    """Returns data set, latent variables and steps."""
    return f'{settings.dataset}, z = {settings.units}, {settings.steps:,} steps'

  def curve_label(self, settings: hvae_settings.HvaeSettings) -> str:
    """Returns what the curves show."""
    del settings
    return 'validation ELBO, nats'


COMPARISON = HvaeComparison()
