r"""Trains a model with binary latent variables, and measures it.

python -m experiments.train_binary                       # digits, DisARM
python -m experiments.train_binary --preset=mnist_linear --steps=50000
python -m experiments.train_binary --preset=mnist_nonlinear \
    --estimator=vimco --num_samples=4 --output_dir=runs/vimco

Flags and defaults are those of the original DisARM code, for its single- and
its multi-layer launcher. A preset sets some of the flags; a flag that is given
wins. The same command takes up a run that was interrupted.
"""

from experiments.binary import experiment
from experiments.framework import command_line

if __name__ == '__main__':
  command_line.main(experiment.EXPERIMENT)
