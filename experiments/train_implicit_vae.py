r"""Trains a VAE whose latent variables are Gamma, Beta or von Mises variables.

python -m experiments.train_implicit_vae                  # digits, von Mises
python -m experiments.train_implicit_vae --preset=mnist --latent=gamma
python -m experiments.train_implicit_vae --preset=mnist --latent=beta \
    --estimator=dreg --num_samples=5
python -m experiments.train_implicit_vae --preset=torus   # a picture of one

The paper's configuration is not known; this is one of ours. Everything goes
through implicit reparameterization (Figurnov, Mohamed and Mnih 2018); `normal`
is there to compare. Priors: Gamma(0.3, 0.3), uniform on (0, 1), uniform on the
circle, standard normal. With one or two latent variables, latent_space.png
shows what they mean. The same command takes up a run that was interrupted.
"""

from __future__ import annotations

from typing import Any

from absl import app

from experiments.data import datasets
from experiments.implicit import vae as implicit_vae
from experiments.implicit import vae_settings as implicit_vae_settings
from experiments.runs import command_line
from experiments.runs import completion
from experiments.runs import program
from experiments.runs import training

HELP = {
  **command_line.HELP,
  'latent': 'Family of posterior and prior: normal, gamma, beta, von_mises.',
  'estimator': 'elbo, iwae, dreg, stl, or another of reparameterized samples.',
  'num_samples': 'K, the samples of a training step.',
  'units': 'Latent variables.',
  'hidden_units': 'Units of each of two hidden layers, of both networks.',
  'learning_rate': 'Of Adam.',
  'test_samples': 'Samples in the bound of the test images at the end.',
  'test_examples': 'How many test images, from the first. Default: all.',
}


def run(
  settings: implicit_vae_settings.Settings,
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
    ValueError: for a directory of another configuration, an estimator that
      does not go through samples, and for a bound that is not finite.
    FileNotFoundError: for a data set that is not to be had.
  """
  images = datasets.load(settings.dataset, data_dir=data_dir, chardata=chardata)
  return completion.complete(
    training.Run(
      settings, output_dir, images, make_model=implicit_vae.make_model
    ),
    measure=implicit_vae.measure,
    table=implicit_vae.table,
    draw=implicit_vae.draw_pictures,
  )


PROGRAM = program.Program(
  name='train_implicit_vae',
  settings=implicit_vae_settings.Settings,
  presets=implicit_vae_settings.PRESETS,
  help=HELP,
  run=run,
)

if __name__ == '__main__':
  PROGRAM.define_flags()
  app.run(PROGRAM.main)
