r"""Compares VAEs with normal, Gamma, Beta and von Mises latent variables.

The program trains one model for each family and estimator, as
`train_implicit_vae` would, and writes a table (comparison.md) and the learning
curves (comparison.png). The same command takes up a comparison that was
interrupted.

python -m experiments.compare_implicit_vae
"""

from experiments.framework import command_line
from experiments.implicit_vae import compare

if __name__ == '__main__':
  command_line.main(compare.COMPARISON)
