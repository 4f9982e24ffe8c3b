"""A program that trains a model: its flags, and what it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import dataclasses
import os
from typing import Any

from absl import flags

from experiments.runs import command_line
from experiments.runs import settings as run_settings

IMAGE_SOURCES: Mapping[str, str] = {
  'data_dir': 'Folder of tensorflow-datasets. Default: $TFDS_DATA_DIR, or '
  '../shared/tfds where it exists.',
  'chardata': "Burda's chardata.mat, for --dataset=omniglot_burda.",
}


@dataclasses.dataclass(frozen=True)
class Program:
  """One of `experiments/train_*.py`.

  Attributes:
    name: of the module.
    settings: the class of its settings; each field is a flag.
    presets: the first of them is the default.
    help: by setting.
    run: (settings, output_dir, **sources) -> results.
    sources: names and help of the flags that say where data are, which are no
      part of a run's configuration.
  """

  name: str
  settings: type[run_settings.RunSettings]
  presets: Mapping[str, Mapping[str, Any]]
  help: Mapping[str, str]
  run: Callable[..., Any]
  sources: Mapping[str, str] = dataclasses.field(
    default_factory=lambda: IMAGE_SOURCES
  )

  def define_flags(self) -> None:
    """Defines the flags, once a `main` is what runs."""
    command_line.define(self.settings, self.presets, self.help)
    for name, text in self.sources.items():
      flags.DEFINE_string(name, None, text)
    command_line.show_in_help(self.sources)

  def given_flags(self) -> dict[str, Any]:
    """Returns the settings that were given as flags."""
    return command_line.given(self.settings)

  def given_sources(self) -> dict[str, str | None]:
    """Returns where the data are."""
    return {name: flags.FLAGS[name].value for name in self.sources}

  def main(self, argv: list[str]) -> None:
    """Reads the flags and runs."""
    command_line.run(self.name, argv, self._start)

  def _start(self) -> None:
    settings = run_settings.make(
      self.settings, self.presets, flags.FLAGS.preset, self.given_flags()
    )
    self.run(
      settings,
      flags.FLAGS.output_dir or os.path.join('runs', settings.label),
      **self.given_sources(),
    )
