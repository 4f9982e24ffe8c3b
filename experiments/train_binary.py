r"""Trains a model with binary latent variables, and measures it.

python -m experiments.train_binary                       # digits, DisARM
python -m experiments.train_binary --preset=mnist_linear --steps=50000
python -m experiments.train_binary --preset=mnist_nonlinear \
    --estimator=vimco --num_samples=4 --output_dir=runs/vimco

Flags and defaults are those of the original DisARM code, for its single- and
its multi-layer launcher. A preset sets some of them; a flag that is given wins.
The same command takes up a run that was interrupted.
"""

from __future__ import annotations

import os
from typing import Any

from absl import app
from absl import flags

from experiments import closing
from experiments import command_line
from experiments import completion
from experiments import datasets
from experiments import settings as settings_lib
from experiments import training

HELP = {
  **command_line.HELP,
  'num_samples': 'K of reinforce, reinforce_loo, vimco.',
  'num_pairs': 'Antithetic pairs of arm, disarm, local_disarm.',
  'baseline': "VIMCO's: geometric or arithmetic.",
  'symmetrized': "Whether local_disarm averages both halves' estimates.",
  'shared_randomness': 'Whether the two paths of a pair share their uniforms '
  'in the layers above.',
  'architecture': 'linear or nonlinear (two hidden layers, LeakyReLU 0.3).',
  'num_layers': 'Stochastic layers.',
  'units': 'Binary latent variables in a layer.',
  'hidden_units': 'Units of a hidden layer.',
  'demean_input': 'Whether networks see x - mean, and 2 b - 1.',
  'initialize_with_bias': "Whether the pixels' bias starts at logit(mean).",
  'encoder_learning_rate': 'Of Adam.',
  'decoder_learning_rate': 'Of Adam.',
  'prior_learning_rate': "Of SGD, for the prior's logits.",
}


def define_flags() -> None:
  """Defines the flags, once a `main` is what runs."""
  command_line.define(settings_lib.Settings, settings_lib.PRESETS, HELP)


def given_flags() -> dict[str, Any]:
  """Returns the settings that were given as flags."""
  return command_line.given(settings_lib.Settings)


def run(
  settings: settings_lib.Settings,
  output_dir: str,
  *,
  data_dir: str | None = None,
  chardata: str | None = None,
) -> dict[str, Any]:
  """Trains to the end, and returns what `results.json` holds.

  Args:
    settings: of the run.
    output_dir: its directory, taken up if it holds a run of these settings.
    data_dir: folder of tensorflow-datasets.
    chardata: Burda's file, for omniglot_burda.
  Raises:
    ValueError: for a directory of another configuration, and for a bound
      that is not finite.
    FileNotFoundError: for a data set that is not to be had.
  """
  images = datasets.load(settings.dataset, data_dir=data_dir, chardata=chardata)
  return completion.complete(
    training.Run(settings, output_dir, images),
    measure=closing.measure,
    table=closing.table,
  )


def _start() -> None:
  settings = settings_lib.make(flags.FLAGS.preset, given_flags())
  run(
    settings,
    flags.FLAGS.output_dir or os.path.join('runs', settings.label),
    data_dir=flags.FLAGS.data_dir,
    chardata=flags.FLAGS.chardata,
  )


def main(argv: list[str]) -> None:
  """Reads the flags and runs."""
  command_line.run('train_binary', argv, _start)


if __name__ == '__main__':
  define_flags()
  app.run(main)
