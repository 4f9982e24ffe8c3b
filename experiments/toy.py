"""The one-bit problem of the ARM, RELAX and DisARM papers.

E[(b - p0)^2] over b ~ Bernoulli(sigmoid(phi)) has a gradient in phi that is
known exactly. The program measures every estimator of a mean against the exact
gradient, at the same number of evaluations: its bias (as a z-score), its
variance, and what they mean for gradient ascent.

python -m experiments.toy --output_dir=/tmp/toy
"""

from experiments.framework import command_line
from experiments.studies.one_bit import study

if __name__ == '__main__':
  command_line.main(study.STUDY)
