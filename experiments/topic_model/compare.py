"""The comparison `compare_topic_model`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.framework import comparison
from experiments.framework import comparison_table
from experiments.framework import settings as settings_lib
from experiments.topic_model import experiment as topic_experiment
from experiments.topic_model import settings as topic_settings


class TopicModelComparison(
  comparison.Comparison[topic_settings.TopicModelSettings]
):
  """Compares how gradients get through a Dirichlet, by what is learned."""

  name = 'compare_topic_model'
  experiment = topic_experiment.EXPERIMENT
  folder = 'compare-topics'
  metric = 'valid_perplexity'
  lists = {
    'methods': comparison.NameList(
      topic_settings.METHODS,
      f'Some of {list(topic_settings.METHODS)}.',
      default=('implicit', 'rsvi', 'grep', 'score'),
    )
  }

  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> dict[str, dict[str, Any]]:
    """Returns a row for each method."""
    del preset
    rows = {}
    for method in chosen['methods']:
      rows[method] = {**flag_values, 'reparameterization': method}
      if method == 'score_loo':  # It leaves one out, of at least two.
        num_samples = flag_values.get('num_samples') or 2
        rows[method]['num_samples'] = max(num_samples, 2)
    return rows

  def columns(self, results: comparison_table.Rows) -> comparison_table.Columns:
    """Returns the columns of the table."""
    del results
    number = comparison_table.number
    return {
      'test perplexity': number('test_perplexity', '.1f'),
      'train perplexity': number('train_perplexity', '.1f'),
      'distance to known topics': number('recovery_distance', '.3f'),
      'steps/s': number('steps_per_second', '.0f'),
    }

  def corner(self, settings: topic_settings.TopicModelSettings) -> str:
    """Returns data set and steps."""
    return f'{settings.dataset}, {settings.steps:,} steps'

  def curve_label(self, settings: topic_settings.TopicModelSettings) -> str:
    """Returns what the curves show."""
    del settings
    return 'validation perplexity per word'


COMPARISON = TopicModelComparison()
