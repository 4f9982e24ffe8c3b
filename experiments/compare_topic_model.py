r"""Compares how gradients get through a Dirichlet, by what topic models learn.

Trains one model for each method and seed, as `train_topic_model` would, and
writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_topic_model                       # known topics
python -m experiments.compare_topic_model --preset=newsgroups_short \
    --methods=implicit,rsvi
"""

from __future__ import annotations

import pathlib
from typing import Any

from absl import app

from experiments import train_topic_model
from experiments.runs import comparison
from experiments.runs import comparison_program
from experiments.topics import settings as topic_settings

_COLUMNS = {
  'test perplexity': comparison.number('test_perplexity', '.1f'),
  'train perplexity': comparison.number('train_perplexity', '.1f'),
  'distance to known topics': comparison.number('recovery_distance', '.3f'),
  'steps/s': comparison.number('steps_per_second', '.0f'),
}
_DEFAULT = ['implicit', 'rsvi', 'grep', 'score']


def run(
  preset: str,
  given: dict[str, Any],
  methods: list[str],
  seeds: list[int],
  output_dir: pathlib.Path,
) -> str:
  """Trains all that is not trained yet, and returns the table."""
  comparison.known(methods, topic_settings.METHODS, 'methods')

  def settings_of(method: str, seed: int) -> topic_settings.Settings:
    flag_values = {**given, 'reparameterization': method, 'seed': seed}
    if method == 'score_loo':
      flag_values['num_samples'] = max(given.get('num_samples') or 2, 2)
    return topic_settings.make(preset, flag_values)

  plan = {method: [settings_of(method, s) for s in seeds] for method in methods}
  results = comparison.train_all(plan, train_topic_model.run, output_dir)
  one = plan[methods[0]][0]
  text = comparison.table(
    results, _COLUMNS, f'{one.dataset}, {one.steps:,} steps'
  )
  return comparison.write(
    text,
    comparison.curves(plan, output_dir, 'valid_perplexity'),
    output_dir,
    ylabel='validation perplexity per word',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )


COMPARISON = comparison_program.Comparison(
  name='compare_topic_model',
  program=train_topic_model.PROGRAM,
  run=run,
  lists={'methods': (_DEFAULT, f'Some of {list(topic_settings.METHODS)}.')},
  folder='compare-topics',
)

if __name__ == '__main__':
  COMPARISON.define_flags()
  app.run(COMPARISON.main)
