r"""Trains a VAE whose latent variables are Gamma, Beta or von Mises variables.

python -m experiments.train_implicit_vae                  # digits, von Mises
python -m experiments.train_implicit_vae --preset=mnist --latent=gamma
python -m experiments.train_implicit_vae --preset=mnist --latent=beta \
    --estimator=dreg --num_samples=5
python -m experiments.train_implicit_vae --preset=torus   # a picture of one

The configuration of the paper is not known; this one is ours. All gradients use
implicit reparameterization (Figurnov, Mohamed and Mnih 2018), and `normal` is
there to compare. The priors are Gamma(0.3, 0.3), uniform on (0, 1), uniform on
the circle, and standard normal. With one or two latent variables,
latent_space.png shows what they mean. The same command takes up a run that was
interrupted.
"""

from experiments.framework import command_line
from experiments.implicit_vae import experiment

if __name__ == '__main__':
  command_line.main(experiment.EXPERIMENT)
