"""The comparison `compare_implicit_vae`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.framework import comparison
from experiments.framework import comparison_table
from experiments.framework import report
from experiments.framework import settings as settings_lib
from experiments.implicit_vae import experiment as implicit_experiment
from experiments.implicit_vae import latent_families
from experiments.implicit_vae import settings as implicit_settings

ESTIMATORS: dict[str, dict[str, Any]] = {
  'ELBO': {'estimator': 'elbo', 'num_samples': 1},
  'IWAE K=5': {'estimator': 'iwae', 'num_samples': 5},
  'DReG K=5': {'estimator': 'dreg', 'num_samples': 5},
}


class ImplicitVaeComparison(
  comparison.Comparison[implicit_settings.ImplicitVaeSettings]
):
  """Compares VAEs with normal, Gamma, Beta and von Mises latent variables."""

  name = 'compare_implicit_vae'
  experiment = implicit_experiment.EXPERIMENT
  folder = 'compare-implicit-vae'
  default_preset = 'mnist'
  lists = {
    'families': comparison.NameList(
      latent_families.FAMILIES,
      'Some of them.',
      default=tuple(latent_families.FAMILIES),
    ),
    'estimators': comparison.NameList(
      ESTIMATORS, 'Some of them.', default=tuple(ESTIMATORS)
    ),
  }

  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> dict[str, dict[str, Any]]:
    """Returns a row for each family and estimator."""
    del preset
    return {
      f'{family}, {label}': {
        **flag_values,
        **ESTIMATORS[label],
        'latent': family,
      }
      for family in chosen['families']
      for label in chosen['estimators']
    }

  def columns(self, results: comparison_table.Rows) -> comparison_table.Columns:
    """Returns the columns of the table, named after what was measured."""
    first = next(iter(results.values()))[0]
    samples, examples = first['test_samples'], first['test_examples']
    return {
      f'L_{samples}, {examples:,} test images (nats)': (
        lambda run: report.with_error(run, 'test_bound')
      ),
      'steps/s': comparison_table.number('steps_per_second', '.0f'),
    }

  def corner(self, settings: implicit_settings.ImplicitVaeSettings) -> str:
    """Returns data set, latent variables and steps."""
    return (
      f'{settings.dataset}, {settings.units} latent variables, '
      f'{settings.steps:,} steps'
    )

  def curve_label(self, settings: implicit_settings.ImplicitVaeSettings) -> str:
    """Returns what the curves show."""
    return f'validation bound, {settings.eval_samples} samples, nats'


COMPARISON = ImplicitVaeComparison()
