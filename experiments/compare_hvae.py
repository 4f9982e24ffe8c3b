r"""Compares the plain VAE with Hamiltonian ones, K = 1, 5 and 10 steps.

The program trains one model for each row and seed, as `train_hvae` would, all
of them for as many epochs. It writes a table (comparison.md) and the learning
curves (comparison.png). The same command takes up a comparison that was
interrupted.

python -m experiments.compare_hvae             # minutes: VAE, K = 1 and 5
python -m experiments.compare_hvae --preset=mnist     # the original's: days
python -m experiments.compare_hvae --rows='VAE,HVAE K=5 fixed' --seeds=0,1
"""

from experiments.framework import command_line
from experiments.hvae import compare

if __name__ == '__main__':
  command_line.main(compare.COMPARISON)
