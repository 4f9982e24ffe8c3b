r"""Trains the convolutional Hamiltonian VAE, and measures it.

python -m experiments.train_hvae                      # digits, 2 leapfrog steps
python -m experiments.train_hvae --preset=quick --leapfrog_steps=10
python -m experiments.train_hvae --preset=quick --leapfrog_steps=0   # plain VAE
python -m experiments.train_hvae --preset=mnist --leapfrog_steps=20 \
    --tempering=free --step_size_per_step                 # the original: days

A preset sets some of the flags; a flag that is given wins. The preset mnist is
the original's configuration, whose leapfrog steps were 0, 1, 5, 10, 15 and 20
and whose tempering was none, fixed or free. Training stops after --patience
evaluations without a better validation ELBO; the best model is what is
measured, drawn and exported. The same command takes up a run that was
interrupted.

Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328, section 5.
"""

from __future__ import annotations

from typing import Any

from absl import app

from experiments.data import datasets
from experiments.hvae import closing as hvae_closing
from experiments.hvae import run as hvae_run
from experiments.hvae import settings as hvae_settings
from experiments.runs import command_line
from experiments.runs import completion
from experiments.runs import program

HELP = {
  **command_line.HELP,
  'estimator': 'elbo: no other has a published configuration.',
  'eval_samples': 'Samples averaged in the ELBO of the validation images.',
  'jit_compile': 'Whether XLA compiles the step: on a CPU its convolutions '
  'take three times as long.',
  'leapfrog_steps': 'K; 0 is the plain VAE, its divergence in closed form.',
  'tempering': 'none, fixed or free.',
  'schedule': "What is quadratic in 'fixed': variance (the original's) or "
  'inverse_sqrt_beta (the paper).',
  'step_size': 'Where that of every dimension starts.',
  'max_step_size': 'The bound of step sizes.',
  'step_size_per_step': 'Whether each leapfrog step has its own.',
  'initial_temperature': "Where that of 'fixed' starts.",
  'alpha': "Where the factors of 'free' start.",
  'recompute': 'Less memory for more time, see posteriors.Hamiltonian.',
  'control_variate': 'Of the divergence between base and prior, for a gradient '
  'of less variance; the original integrates it out.',
  'units': 'Latent variables.',
  'hidden_units': 'Of the dense layer between latent variables and feature '
  'maps, in encoder and decoder.',
  'initializer': 'Of the weights. original: N(0, 1 / (inputs + outputs)), of '
  'whole feature maps; glorot; or fan_in: of variance 4 / fan_in, with which '
  'a small signal goes through softplus units as it is.',
  'optimizer': 'original: Adamax without bias correction; adamax or adam: '
  "Keras's.",
  'learning_rate': 'Of the optimizer.',
  'patience': 'Evaluations without a better one before training stops.',
  'test_samples': 'Samples in the log-likelihood of the test images.',
  'test_examples': 'How many test images, from the first. Default: all.',
  'test_repeats': 'Binarizations of the test images, averaged over.',
}


def run(
  settings: hvae_settings.Settings,
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
    ValueError: for a directory of another configuration, and for a bound or a
      trajectory that is not finite.
    FileNotFoundError: for a data set that is not to be had.
  """
  images = datasets.load(settings.dataset, data_dir=data_dir, chardata=chardata)
  return completion.complete(
    hvae_run.Run(settings, output_dir, images),
    measure=hvae_closing.measure,
    table=hvae_closing.table,
  )


PROGRAM = program.Program(
  name='train_hvae',
  settings=hvae_settings.Settings,
  presets=hvae_settings.PRESETS,
  help=HELP,
  run=run,
)

if __name__ == '__main__':
  PROGRAM.define_flags()
  app.run(PROGRAM.main)
