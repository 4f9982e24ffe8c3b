"""The base class of studies: programs that train no Keras model.

A new study is a folder with a class that derives from `Study` or from
`task_study.TaskStudy`, and with an instance of the class, `STUDY`, which Python
does not make of an incomplete class.
"""

from __future__ import annotations

import abc
import dataclasses
import os
import pathlib
import time
from typing import Generic, TypeVar

from absl import flags

from experiments.framework import command_line
from experiments.framework import settings as settings_lib

StudySettingsT = TypeVar('StudySettingsT', bound=settings_lib.Settings)


class Study(abc.ABC, Generic[StudySettingsT]):
  """A program that measures something, and writes tables and pictures."""

  @property
  @abc.abstractmethod
  def name(self) -> str:
    """The name of the program: that of its module in `experiments`."""

  @property
  @abc.abstractmethod
  def settings(self) -> type[StudySettingsT]:
    """The class of the settings; each of its fields is a flag."""

  @property
  @abc.abstractmethod
  def output_help(self) -> str:
    """The help text of the flag --output_dir."""

  @abc.abstractmethod
  def run(self, settings: StudySettingsT, output_dir: str | os.PathLike) -> str:
    """Writes the files of the study, and returns its tables."""

  def __init__(self) -> None:
    """Checks that every setting has a help text."""
    for field in dataclasses.fields(self.settings):
      self.settings.rule(field.name)

  def summary(
    self,
    settings: StudySettingsT,
    tables: str,
    output_dir: str,
    cpu_seconds: float,
  ) -> str:
    """Returns what the program prints at the end."""
    del settings, cpu_seconds
    return f'{tables}\n\nAlso in {output_dir}'

  def define_flags(self) -> None:
    """Defines the flags of the settings and of the directory."""
    command_line.define(self.settings, kind_of_default='value')
    default = os.path.join('runs', self.name)
    command_line.define_strings({'output_dir': (default, self.output_help)})

  def start(self) -> None:
    """Runs the study with the values of its flags."""
    settings = self.settings(**command_line.flag_values(self.settings))
    self._run_and_print(settings, flags.FLAGS.output_dir)

  def _run_and_print(self, settings: StudySettingsT, output_dir: str) -> None:
    start = time.process_time()
    tables = self.run(settings, output_dir)
    seconds = time.process_time() - start
    print(self.summary(settings, tables, output_dir, seconds))


class PresetStudy(Study[StudySettingsT]):
  """A study whose flags start from a preset."""

  @property
  @abc.abstractmethod
  def presets(self) -> settings_lib.Presets:
    """Values of settings by the name of a preset; the first is the default."""

  @property
  @abc.abstractmethod
  def preset_help(self) -> str:
    """The help text of the flag --preset."""

  def make_settings(
    self, preset: str, flag_values: settings_lib.Values
  ) -> StudySettingsT:
    """Returns the settings of a preset, with the flags that the user gave."""
    return self.settings.of_preset(self.presets, preset, flag_values)

  def define_flags(self) -> None:
    """Defines the flags of the settings, the preset and the directory."""
    default = next(iter(self.presets))
    flags.DEFINE_enum('preset', default, list(self.presets), self.preset_help)
    command_line.show_in_help(['preset'])
    command_line.define(self.settings, kind_of_default='none')
    command_line.define_strings({'output_dir': (None, self.output_help)})

  def start(self) -> None:
    """Runs the study with the values of its flags."""
    preset = flags.FLAGS.preset
    default = os.path.join('runs', f'{self.name}-{preset}')
    output_dir = flags.FLAGS.output_dir or default
    settings = self.make_settings(
      preset, command_line.flag_values(self.settings)
    )
    self._run_and_print(settings, output_dir)


def make_directory(output_dir: str | os.PathLike) -> pathlib.Path:
  """Returns the path of a directory, which exists afterwards."""
  path = pathlib.Path(output_dir)
  path.mkdir(parents=True, exist_ok=True)
  return path
