r"""Compares how gradients get through a Dirichlet, by what topic models learn.

Trains one model for each method and seed, as `train_topic_model` would, and
writes a table (comparison.md) and the learning curves (comparison.png).
Interrupted, it goes on where it was.

python -m experiments.compare_topic_model                       # known topics
python -m experiments.compare_topic_model --preset=newsgroups_short \
    --methods=implicit,rsvi
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

from absl import app
from absl import flags

from experiments import command_line
from experiments import comparison
from experiments import plots
from experiments import topic_settings
from experiments import train_topic_model

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
  (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
  plots.lines(
    comparison.curves(plan, output_dir, 'valid_perplexity'),
    output_dir / 'comparison.png',
    xlabel='training step',
    ylabel='validation perplexity per word',
    title=f'{preset}, mean of {len(seeds)} seed(s)',
  )
  return text


def _start() -> None:
  values = flags.FLAGS
  output_dir = values.output_dir or os.path.join(
    'runs', f'compare-topics-{values.preset}'
  )
  text = run(
    values.preset,
    train_topic_model.given_flags(),
    values.methods,
    [int(seed) for seed in values.seeds],
    pathlib.Path(output_dir),
  )
  print(f'\n{text}\n\nAlso in {output_dir}')


def main(argv: list[str]) -> None:
  """Reads the flags of `train_topic_model` and two of its own."""
  command_line.run('compare_topic_model', argv, _start)


if __name__ == '__main__':
  train_topic_model.define_flags()
  flags.DEFINE_list('seeds', ['0'], 'Seeds, one run each.')
  flags.DEFINE_list(
    'methods', _DEFAULT, f'Some of {list(topic_settings.METHODS)}.'
  )
  app.run(main)
