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

from typing import Any

from absl import app

from experiments.binary import closing
from experiments.binary import model as binary_model
from experiments.binary import settings as settings_lib
from experiments.data import datasets
from experiments.runs import command_line
from experiments.runs import completion
from experiments.runs import program
from experiments.runs import training

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
    training.Run(settings, output_dir, images, make_model=binary_model.make),
    measure=closing.measure,
    table=closing.table,
  )


PROGRAM = program.Program(
  name='train_binary',
  settings=settings_lib.Settings,
  presets=settings_lib.PRESETS,
  help=HELP,
  run=run,
)

if __name__ == '__main__':
  PROGRAM.define_flags()
  app.run(PROGRAM.main)
