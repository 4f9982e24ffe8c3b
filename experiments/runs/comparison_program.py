"""A program that compares runs of another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import dataclasses
import os
import pathlib

from absl import flags

from experiments.runs import command_line
from experiments.runs import program as program_lib


@dataclasses.dataclass(frozen=True)
class Comparison:
  """One of `experiments/compare_*.py`: flags of a `train_*`, and its own.

  Attributes:
    name: of the module.
    program: what trains one run.
    run: (preset, given, *lists, seeds, output_dir, **sources) -> the table.
    lists: flags of comma-separated names: default and help.
    folder: start of the default directory's name, the preset follows.
    preset: the default, if not that of `program`.
    seeds: the default.
  """

  name: str
  program: program_lib.Program
  run: Callable[..., str]
  lists: Mapping[str, tuple[Sequence[str] | None, str]]
  folder: str
  preset: str | None = None
  seeds: Sequence[str] = ('0',)

  def define_flags(self) -> None:
    """Defines the flags, once a `main` is what runs."""
    self.program.define_flags()
    if self.preset is not None:
      flags.FLAGS.set_default('preset', self.preset)
    flags.DEFINE_list('seeds', list(self.seeds), 'Seeds, one run each.')
    for name, (default, text) in self.lists.items():
      flags.DEFINE_list(name, default and list(default), text)
    command_line.show_in_help(['seeds', *self.lists])

  def main(self, argv: list[str]) -> None:
    """Reads the flags and runs."""
    command_line.run(self.name, argv, self._start)

  def _start(self) -> None:
    values = flags.FLAGS
    output_dir = values.output_dir or os.path.join(
      'runs', f'{self.folder}-{values.preset}'
    )
    text = self.run(
      values.preset,
      self.program.given_flags(),
      *(values[name].value for name in self.lists),
      [int(seed) for seed in values.seeds],
      pathlib.Path(output_dir),
      **self.program.given_sources(),
    )
    print(f'\n{text}\n\nAlso in {output_dir}')
