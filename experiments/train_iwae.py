r"""Trains a model with Gaussian latent variables, and measures it.

python -m experiments.train_iwae                         # digits, IWAE, K = 5
python -m experiments.train_iwae --preset=quick --num_samples=50
python -m experiments.train_iwae --preset=quick --estimator=elbo --num_samples=1
python -m experiments.train_iwae --preset=mnist_2_layers --estimator=dreg \
    --num_samples=50 --output_dir=runs/dreg
python -m experiments.train_iwae --preset=mnist_switch --num_samples=50 \
    --init_from=runs/mnist-1_layer-elbo-k1-seed0

The VAE of the original is `elbo`: the mean of K log-weights, without a
divergence in closed form. The last command is the original's experiment that
goes on from VAE to IWAE. The way back has --estimator=elbo --num_samples=1 and
the directory of a run of IWAE. A preset sets some of the flags; a flag that is
given wins. The same command takes up a run that was interrupted.

The program differs from the original code in that the examples of an epoch are
shuffled, and that layers of one shape do not start with the same weights.
"""

from experiments.framework import command_line
from experiments.iwae import experiment

if __name__ == '__main__':
  command_line.main(experiment.EXPERIMENT)
