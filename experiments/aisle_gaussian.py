r"""The Gaussian study of adaptive importance sampling for learning (AISLE).

z ~ N(mu, Sigma), x | z ~ N(z, I), q(z | x) = N(A x + b, diag(exp(2 c))), with
the model fixed at its maximum likelihood. Every gradient of the paper's table
trains q from a random start, in many repeats at once, with SGD on L1-normalised
gradients and with Adam, at the learning rate i^(-1/2). In the 'expressive'
family (Sigma = I) q can be the posterior. In the 'insufficient' family (Sigma =
0.95^(|d - d'| + 1)) it cannot, and each divergence has an optimum of its own.

The program writes results.jsonl, tables.md and pictures. The same command takes
up a study that was interrupted; with more methods, dims or samples, it adds
them.

python -m experiments.aisle_gaussian --output_dir=/tmp/aisle
python -m experiments.aisle_gaussian --preset=paper

Reference: Finke and Thiery (2019), arXiv:1907.10477.
"""

from experiments.framework import command_line
from experiments.studies.aisle import study

if __name__ == '__main__':
  command_line.main(study.STUDY)
