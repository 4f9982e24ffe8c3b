r"""The Gaussian study of the Hamiltonian VAE: learning Delta and sigma.

N points share one z ~ N(0, I): x_i | z ~ N(z + Delta, diag(sigma^2)). Every
method starts from q = N(0, I) and learns Delta, sigma and its own parameters by
RMSProp, on several data sets at once, each with parameters of its own.

The program writes results.jsonl, tables.md and error.png. The same command
takes up a study that was interrupted, at the first method that was not
finished; with more dims or methods, it adds them.

python -m experiments.hvae_gaussian --output_dir=/tmp/hvae
python -m experiments.hvae_gaussian --nf_missing_half --nf_shared  # originals'

Reference: Caterini, Doucet and Sejdinovic (2018), arXiv:1805.11328, section 4.
"""

from experiments.framework import command_line
from experiments.studies.hvae_gaussian import study

if __name__ == '__main__':
  command_line.main(study.STUDY)
