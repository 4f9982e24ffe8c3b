r"""Compares VAE and IWAE at K = 1, 5 and 50, as the IWAE paper does.

The program trains one model for each row and seed, as `train_iwae` would, and
writes a table (comparison.md) and the learning curves (comparison.png). The
same command takes up a comparison that was interrupted.

python -m experiments.compare_iwae                    # the paper's order, short
python -m experiments.compare_iwae --preset=mnist_1_layer        # the paper's
"""

from experiments.framework import command_line
from experiments.iwae import compare

if __name__ == '__main__':
  command_line.main(compare.COMPARISON)
