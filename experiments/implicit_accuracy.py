r"""The accuracy of derivatives of Gamma samples, ours and TensorFlow's.

The program computes d log x / d alpha at fixed F(x; alpha), for concentrations
from 1e-3 to 1e4 and x at the quantiles 0.01, 0.5 and 0.99. It compares the
derivatives with numerical differentiation of the CDF with 40 digits.

python -m experiments.implicit_accuracy
"""

from experiments.framework import command_line
from experiments.studies.implicit_accuracy import study

if __name__ == '__main__':
  command_line.main(study.STUDY)
