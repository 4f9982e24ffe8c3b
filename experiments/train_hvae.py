r"""Trains the convolutional Hamiltonian VAE, and measures it.

python -m experiments.train_hvae                      # digits, 2 leapfrog steps
python -m experiments.train_hvae --preset=quick --leapfrog_steps=10
python -m experiments.train_hvae --preset=quick --leapfrog_steps=0   # plain VAE
python -m experiments.train_hvae --preset=mnist --leapfrog_steps=20 \
    --tempering=free --step_size_per_step                 # the original: days

A preset sets some of the flags; a flag that is given wins. The preset mnist is
the configuration of the original, whose leapfrog steps were 0, 1, 5, 10, 15 and
20 and whose tempering was none, fixed or free. Training stops after --patience
evaluations without a better validation ELBO. The program then measures, draws
and exports the best model. The same command takes up a run that was
interrupted.

Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328, section 5.
"""

from experiments.framework import command_line
from experiments.hvae import experiment

if __name__ == '__main__':
  command_line.main(experiment.EXPERIMENT)
