r"""Trains latent Dirichlet allocation with an amortized Dirichlet posterior.

python -m experiments.train_topic_model                # known topics, a minute
python -m experiments.train_topic_model --preset=newsgroups_short
python -m experiments.train_topic_model --preset=newsgroups     # as published
python -m experiments.train_topic_model --preset=newsgroups --dataset=file \
    --documents=counts.npz --vocabulary=words.txt
python -m experiments.train_topic_model --reparameterization=rsvi

The third command is the configuration of Figurnov, Mohamed and Mnih (2018),
published with a test perplexity of about 875 on 20 Newsgroups. A preset sets
some of the flags; a flag that is given wins. The same command takes up a run
that was interrupted.
"""

from experiments.framework import command_line
from experiments.topic_model import experiment

if __name__ == '__main__':
  command_line.main(experiment.EXPERIMENT)
