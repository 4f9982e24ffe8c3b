r"""Implicit reparameterization against what came before it, on a Dirichlet.

The cross-entropy E_q[-log p(z)] between two Dirichlet distributions has a known
gradient in the concentrations of q, and no entropy term that would hide the
noise. Every method estimates the gradient from one sample. The program measures
bias (as a z-score), variance over a range of concentrations, and time. Then
each method minimises KL(q || p) with Adam.

python -m experiments.implicit_dirichlet
"""

from experiments.framework import command_line
from experiments.studies.implicit_dirichlet import study

if __name__ == '__main__':
  command_line.main(study.STUDY)
