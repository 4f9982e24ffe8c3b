"""The base class of programs that compare runs of an experiment.

A new comparison is a class that derives from `Comparison`, and an instance of
the class, `COMPARISON`, which Python does not make of an incomplete class.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
import os
import pathlib
from typing import Any, Generic, NamedTuple, cast

from absl import flags
import keras

from experiments.figures import plots
from experiments.framework import command_line
from experiments.framework import comparison_table
from experiments.framework import experiment as experiment_lib
from experiments.framework import recipe
from experiments.framework import settings as settings_lib
from experiments.framework import study_checks


class NameList(NamedTuple):
  """A flag that lists names, separated by commas.

  Attributes:
    choices: the names that are known.
    help_text: what `--help` says of the flag.
    default: the names if the user gives none; None leaves them to
      `Comparison.rows`, which may ask the preset.
  """

  choices: Iterable[str]
  help_text: str
  default: Sequence[str] | None = None


class Comparison(abc.ABC, Generic[recipe.SettingsT]):
  """Trains one run for each row and seed, and compares all of them.

  The comparison writes a table, comparison.md, and the learning curves,
  comparison.png. A comparison that was interrupted goes on where it was.
  """

  @property
  @abc.abstractmethod
  def name(self) -> str:
    """The name of the program: that of its module in `experiments`."""

  @property
  @abc.abstractmethod
  def experiment(self) -> experiment_lib.Experiment[recipe.SettingsT, Any]:
    """The experiment whose runs are compared."""

  @property
  @abc.abstractmethod
  def folder(self) -> str:
    """The beginning of the default directory's name; the preset follows."""

  @property
  @abc.abstractmethod
  def lists(self) -> Mapping[str, NameList]:
    """The flags that choose what is compared, by name."""

  @abc.abstractmethod
  def rows(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str]],
  ) -> Mapping[str, settings_lib.Values]:
    """Returns the settings of each row, by its label; the seed comes later.

    Args:
      preset: of all rows.
      flag_values: the settings that the user gave, for all rows.
      chosen: known names, by the flag in `lists`; empty if the user gave none
        and the flag has no default.
    """

  @abc.abstractmethod
  def columns(self, results: comparison_table.Rows) -> comparison_table.Columns:
    """Returns the columns of the table, named after what was measured.

    Raises:
      ValueError: if the results are of different data, and share no table.
    """

  @abc.abstractmethod
  def corner(self, settings: recipe.SettingsT) -> str:
    """Returns what the rows have in common, by the settings of one of them."""

  @abc.abstractmethod
  def curve_label(self, settings: recipe.SettingsT) -> str:
    """Returns quantity and unit of `metric`."""

  @property
  def metric(self) -> str:
    """The metric that the curves show."""
    return 'valid_bound'

  @property
  def default_preset(self) -> str:
    """The preset if the user gives none."""
    return next(iter(self.experiment.presets))

  @property
  def default_seeds(self) -> Sequence[int]:
    """The seeds if the user gives none."""
    return (0,)

  def add_figures(
    self,
    results: comparison_table.Rows,
    paths: Mapping[str, Sequence[pathlib.Path]],
  ) -> None:
    """Adds figures to the results that the runs' directories tell.

    Args:
      results: of the runs of a row, by its label; one for each seed.
      paths: the directories of the same runs.
    """
    del results, paths

  def run(
    self,
    preset: str,
    flag_values: settings_lib.Values,
    chosen: Mapping[str, Sequence[str] | None],
    seeds: Sequence[int],
    output_dir: str | os.PathLike,
    sources: experiment_lib.Sources | None = None,
  ) -> str:
    """Trains all that is not trained yet, and returns the table.

    Args:
      preset: of all runs.
      flag_values: the settings that the user gave, for all runs.
      chosen: the names that the user gave, by the flag in `lists`.
      seeds: one run each, in every row.
      output_dir: each run has a directory in it.
      sources: where the data are.
    Raises:
      ValueError: for an unknown name, for a name or a seed that is given twice,
        and for what a run refuses.
    """
    study_checks.distinct('--seeds', seeds)
    output_dir = pathlib.Path(output_dir)
    rows = self.rows(preset, flag_values, self._known(chosen))
    plan = {
      label: [
        self.experiment.make_settings(preset, {**values, 'seed': seed})
        for seed in seeds
      ]
      for label, values in rows.items()
    }
    results = self._train(plan, output_dir, sources)
    paths = {
      label: [output_dir / settings.label for settings in runs]
      for label, runs in plan.items()
    }
    self.add_figures(results, paths)
    one = next(iter(plan.values()))[0]
    text = comparison_table.table(
      results, self.columns(results), self.corner(one)
    )
    (output_dir / 'comparison.md').write_text(text + '\n', encoding='utf-8')
    plots.lines(
      comparison_table.curves(paths, self.metric),
      output_dir / 'comparison.png',
      xlabel='training step',
      ylabel=self.curve_label(one),
      title=f'{preset}, mean of {len(seeds)} seed(s)',
    )
    return text

  def _known(
    self, chosen: Mapping[str, Sequence[str] | None]
  ) -> dict[str, Sequence[str]]:
    """Returns the names of every list; ValueError for an unknown name."""
    names: dict[str, Sequence[str]] = {}
    for flag, known in self.lists.items():
      names[flag] = chosen.get(flag) or known.default or []
      if names[flag]:
        study_checks.distinct(f'--{flag}', names[flag])
      unknown = sorted(set(names[flag]) - set(known.choices))
      if unknown:
        raise ValueError(
          f'Unknown --{flag}. Expected some of {list(known.choices)}. '
          f'Received: {unknown}'
        )
    return names

  def _train(
    self,
    plan: Mapping[str, Sequence[recipe.SettingsT]],
    output_dir: pathlib.Path,
    sources: experiment_lib.Sources | None,
  ) -> comparison_table.Rows:
    results: dict[str, list[dict[str, Any]]] = {}
    for label, runs in plan.items():
      for settings in runs:
        print(f'\n{label}, seed {settings.seed}')
        path = output_dir / settings.label
        result = self.experiment.run(settings, path, sources)
        results.setdefault(label, []).append(result)
        keras.backend.clear_session()
    return results

  def define_flags(self) -> None:
    """Defines the flags of the experiment, the seeds and the lists."""
    self.experiment.define_flags()
    flags.FLAGS.set_default('preset', self.default_preset)
    seeds = [str(seed) for seed in self.default_seeds]
    flags.DEFINE_list('seeds', seeds, 'Seeds, one run each.')
    for name, known in self.lists.items():
      default = list(known.default) if known.default else None
      flags.DEFINE_list(name, cast(Any, default), known.help_text)
    command_line.show_in_help(['seeds', *self.lists])

  def start(self) -> None:
    """Runs the comparison with the values of its flags."""
    values = flags.FLAGS
    output_dir = values.output_dir or os.path.join(
      'runs', f'{self.folder}-{values.preset}'
    )
    text = self.run(
      values.preset,
      self.experiment.flag_values(),
      {name: values[name].value for name in self.lists},
      list(command_line.integers('seeds', values.seeds)),
      output_dir,
      self.experiment.source_values(),
    )
    print(f'\n{text}\n\nAlso in {output_dir}')
