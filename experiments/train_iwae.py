r"""Trains a model with Gaussian latent variables, and measures it.

python -m experiments.train_iwae                         # digits, IWAE, K = 5
python -m experiments.train_iwae --preset=quick --num_samples=50
python -m experiments.train_iwae --preset=quick --estimator=elbo --num_samples=1
python -m experiments.train_iwae --preset=mnist_2_layers --estimator=dreg \
    --num_samples=50 --output_dir=runs/dreg
python -m experiments.train_iwae --preset=mnist_switch --num_samples=50 \
    --init_from=runs/mnist-1_layer-elbo-k1-seed0

The original's VAE is `elbo`: the mean of K log-weights, no divergence in closed
form. The last command is its experiment that goes on from VAE to IWAE; back are
--estimator=elbo --num_samples=1 and the directory of the other. A preset sets
some of the flags; a flag that is given wins. The same command takes up a run
that was interrupted.

It differs from the original code in that the examples of an epoch are shuffled,
and that layers of one shape do not start with the same weights.
"""

from __future__ import annotations

from typing import Any

from absl import app

from experiments.data import datasets
from experiments.iwae import closing as iwae_closing
from experiments.iwae import model as iwae_model
from experiments.iwae import settings as iwae_settings
from experiments.runs import command_line
from experiments.runs import completion
from experiments.runs import program
from experiments.runs import training

HELP = {
  **command_line.HELP,
  'estimator': 'elbo (the VAE), iwae, stl, dreg, rws_dreg, rws, aisle, or '
  'another name of tf_mco.estimator_names().',
  'num_samples': 'K, the samples of a training step.',
  'options': "Other options of the estimator: 'name=value,name=value', say "
  'divergence=chi2,reparameterized=False for aisle.',
  'num_layers': 'Stochastic layers.',
  'units': 'Latent variables of the last stochastic layer; each layer has half '
  'as many as the one below.',
  'hidden_units': 'Units of each of the two hidden layers next to the data; '
  'half as many with each stochastic layer above.',
  'optimizer': "burda: the original code's variant of Adam; adam: Keras's.",
  'learning_rate': 'Of the first of eight stages; that of the last is a tenth.',
  'stage_steps': 'Steps of the first stage. An epoch in the paper.',
  'stage_growth': 'The steps of a stage over those of the one before.',
  'init_from': 'Directory of a run: start from its last checkpoint, state of '
  'the optimizer included. With the stages, at the rate of its next step.',
  'valid_examples': 'Images for validation, the others being trained on. '
  "Default: the data set's own split.",
  'test_samples': 'Samples in the bound of the test images at the end.',
  'test_examples': 'How many test images, from the first. Default: all.',
}


def run(
  settings: iwae_settings.Settings,
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
    ValueError: for a directory of another configuration, for an `init_from`
      that cannot be started from, and for a bound that is not finite.
    FileNotFoundError: for a data set that is not to be had.
  """
  if settings.init_from is not None:
    # Before there is a directory with the mistake in it.
    iwae_model.source_checkpoint(settings)
  images = datasets.load(settings.dataset, data_dir=data_dir, chardata=chardata)
  images = iwae_model.with_validation(images, settings.valid_examples)
  return completion.complete(
    training.Run(settings, output_dir, images, make_model=iwae_model.make),
    measure=iwae_closing.measure,
    table=iwae_closing.table,
  )


PROGRAM = program.Program(
  name='train_iwae',
  settings=iwae_settings.Settings,
  presets=iwae_settings.PRESETS,
  help=HELP,
  run=run,
)

if __name__ == '__main__':
  PROGRAM.define_flags()
  app.run(PROGRAM.main)
