r"""Compares the gradient estimators for binary latent variables.

The program trains one model for each estimator and seed, as `train_binary`
would, and writes a table (comparison.md) and the learning curves
(comparison.png). The same command takes up a comparison that was interrupted.

python -m experiments.compare_binary --preset=mnist_linear --steps=50000
"""

from experiments.binary import compare
from experiments.framework import command_line

if __name__ == '__main__':
  command_line.main(compare.COMPARISON)
