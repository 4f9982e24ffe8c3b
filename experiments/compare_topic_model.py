r"""Compares how gradients get through a Dirichlet, by what topic models learn.

The program trains one model for each method and seed, as `train_topic_model`
would, and writes a table (comparison.md) and the learning curves
(comparison.png). The same command takes up a comparison that was interrupted.

python -m experiments.compare_topic_model                       # known topics
python -m experiments.compare_topic_model --preset=newsgroups_short \
    --methods=implicit,rsvi
"""

from experiments.framework import command_line
from experiments.topic_model import compare

if __name__ == '__main__':
  command_line.main(compare.COMPARISON)
