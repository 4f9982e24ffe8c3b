"""The base class of experiments that train a model.

A new experiment is a folder with a class that derives from `Experiment`, and
with an instance of the class, `EXPERIMENT`. Python makes no instance of a class
that lacks a part, so that an incomplete experiment cannot be imported.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
import dataclasses
import json
import os
from typing import Any

from absl import flags

from experiments.framework import command_line
from experiments.framework import recipe
from experiments.framework import report
from experiments.framework import run as run_lib
from experiments.framework import settings as settings_lib

# Where the user says that files are; see `Experiment.sources`.
Sources = Mapping[str, str | None]


class Experiment(recipe.Recipe[recipe.SettingsT, recipe.DataT]):
  """A program that trains a model, measures it, plots and exports it.

  The framework trains, takes up what was interrupted, writes the files of a run
  and prints its table. The experiment says what is trained and measured; see
  also `recipe.Recipe`.
  """

  @property
  @abc.abstractmethod
  def name(self) -> str:
    """The name of the program: that of its module in `experiments`."""

  @property
  @abc.abstractmethod
  def settings(self) -> type[recipe.SettingsT]:
    """The class of the settings; each of its fields is a flag."""

  @property
  @abc.abstractmethod
  def presets(self) -> settings_lib.Presets:
    """Values of settings by the name of a preset; the first is the default."""

  @property
  def sources(self) -> Mapping[str, str]:
    """Names and help texts of the flags that say where data are.

    They are no part of a run's configuration, since the same data may lie
    elsewhere when the run is taken up.
    """
    return {}

  @abc.abstractmethod
  def load_data(
    self, settings: recipe.SettingsT, sources: Sources
  ) -> recipe.DataT:
    """Returns the data set that the settings name.

    It is called before there is a directory for the run, so that no mistake of
    the user leaves one.

    Raises:
      ValueError: if the settings ask for what the data do not have.
      FileNotFoundError: for a data set that is not to be had.
    """

  @abc.abstractmethod
  def measure(
    self, run: run_lib.Run[recipe.SettingsT, recipe.DataT]
  ) -> report.Results:
    """Returns the figures of a trained run, by their names in results.json."""

  @abc.abstractmethod
  def table(self, results: report.Results, settings: recipe.SettingsT) -> str:
    """Returns the table that a run ends with."""

  @abc.abstractmethod
  def plot(self, run: run_lib.Run[recipe.SettingsT, recipe.DataT]) -> None:
    """Writes the pictures of a trained run into its directory."""

  def __init__(self) -> None:
    """Checks that every setting has a help text."""
    for field in dataclasses.fields(self.settings):
      self.settings.rule(field.name)

  def make_settings(
    self, preset: str, values: settings_lib.Values
  ) -> recipe.SettingsT:
    """Returns the settings of a preset, with the flags that the user gave.

    Raises:
      ValueError: if the preset is unknown or a value is out of its range.
    """
    return self.settings.of_preset(self.presets, preset, values)

  def open(
    self,
    settings: recipe.SettingsT,
    output_dir: str | os.PathLike,
    data: recipe.DataT,
  ) -> run_lib.Run[recipe.SettingsT, recipe.DataT]:
    """Returns the run in a directory, at the step that it has reached."""
    return run_lib.Run(self, settings, output_dir, data)

  def run(
    self,
    settings: recipe.SettingsT,
    output_dir: str | os.PathLike,
    sources: Sources | None = None,
  ) -> report.Results:
    """Trains to the end, and returns what `results.json` holds.

    Args:
      settings: of the run.
      output_dir: its directory. A run of these settings that is in it is taken
        up; a finished one is only reported.
      sources: where the data are.
    Raises:
      ValueError: for a directory of another configuration, and for a bound
        that is not finite.
      FileNotFoundError: for a data set that is not to be had.
    """
    data = self.load_data(settings, sources or {})
    return self.finish(self.open(settings, output_dir, data))

  def finish(
    self, run: run_lib.Run[recipe.SettingsT, recipe.DataT]
  ) -> report.Results:
    """Trains, measures, plots, exports and reports a run at any step."""
    if run.directory.finished:
      text = (run.path / 'results.json').read_text(encoding='utf-8')
      results = json.loads(text)
      print(f'{run.path} holds the finished run.')
    else:
      if run.first_step:
        print(f'Taking up {run.path} at step {run.first_step:,}.')
      speed = run.train()
      results = {**self.measure(run), 'steps_per_second': speed}
      self.plot(run)
      run.model.export(
        run.path / 'saved_model', num_samples=run.settings.eval_samples
      )
      run.directory.write_json('results.json', results)
    print(f'\n{self.table(results, run.settings)}')
    if run.data.note:
      print(run.data.note)
    print(f'\nPictures, metrics and the SavedModel: {run.path}')
    return results

  def define_flags(self) -> None:
    """Defines the flags of the settings, the preset and the places of data."""
    command_line.define_strings(
      {
        'preset': (
          next(iter(self.presets)),
          f'Configuration to start from: {", ".join(self.presets)}.',
        ),
        'output_dir': (
          None,
          'Directory of the run. Default: runs/<what it is>.',
        ),
        **{name: (None, text) for name, text in self.sources.items()},
      }
    )
    command_line.define(self.settings, kind_of_default='text')

  def flag_values(self) -> dict[str, Any]:
    """Returns the settings that the user gave as flags."""
    return command_line.flag_values(self.settings)

  def source_values(self) -> Sources:
    """Returns where the user says that the data are."""
    return {name: flags.FLAGS[name].value for name in self.sources}

  def start(self) -> None:
    """Runs the program with the values of its flags."""
    settings = self.make_settings(flags.FLAGS.preset, self.flag_values())
    self.run(
      settings,
      flags.FLAGS.output_dir or os.path.join('runs', settings.label),
      self.source_values(),
    )
