r"""Trains latent Dirichlet allocation with an amortized Dirichlet posterior.

python -m experiments.train_topic_model                # known topics, a minute
python -m experiments.train_topic_model --preset=newsgroups_short
python -m experiments.train_topic_model --preset=newsgroups     # as published
python -m experiments.train_topic_model --preset=newsgroups --dataset=file \
    --documents=counts.npz --vocabulary=words.txt
python -m experiments.train_topic_model --reparameterization=rsvi

The third is the configuration of Figurnov, Mohamed and Mnih (2018), published
with a test perplexity of about 875 on 20 Newsgroups. A preset sets some of the
flags; a flag that is given wins. The same command takes up a run that was
interrupted.
"""

from __future__ import annotations

from typing import Any

from absl import app

from experiments.data import corpora
from experiments.runs import command_line
from experiments.runs import completion
from experiments.runs import program
from experiments.topics import closing as topic_closing
from experiments.topics import plots as topic_plots
from experiments.topics import run as topic_run
from experiments.topics import settings as topic_settings

HELP = {
  **command_line.HELP,
  'dataset': 'bars (drawn from known topics), newsgroups ($NEWSGROUPS_DIR, or '
  '../shared/newsgroups), or file (--documents and --vocabulary).',
  'documents': 'npz file of sparse counts: one CSR matrix as scipy.sparse.'
  'save_npz writes it, or arrays train_data, train_indices, train_indptr, '
  'train_shape and test_ ones.',
  'vocabulary': 'Text file, line n (from 0) being the word of column n.',
  'reparameterization': 'How the gradient gets through Dirichlet samples: '
  f'{", ".join(topic_settings.METHODS)}.',
  'estimator': 'Gradient estimator of a mean in place of the '
  "reparameterization's, a name of tf_mco.estimator_names().",
  'num_samples': 'Samples of a training step, averaged.',
  'topics': 'Their number.',
  'hidden_units': 'Units of each hidden ReLU layer of the encoder.',
  'hidden_layers': 'Hidden layers of the encoder.',
  'minimum_concentration': 'Concentrations are clipped to at least this.',
  'maximum_concentration': 'And to at most this.',
  'prior_concentration': 'Of the Dirichlet prior at first.',
  'prior_burn_in': 'Steps during which the prior stays as it is.',
  'learning_rate': 'Of Adam.',
  'batch_size': 'Documents in a step.',
  'eval_samples': 'Samples in the ELBO of the perplexities.',
  'eval_examples': 'Training and validation documents measured on the way.',
}


def run(settings: topic_settings.Settings, output_dir: str) -> dict[str, Any]:
  """Trains to the end, and returns what `results.json` holds.

  Args:
    settings: of the run.
    output_dir: its directory, taken up if it holds a run of these settings.
  Raises:
    ValueError: for files that do not make a corpus, for a directory of another
      configuration, and for a bound that is not finite.
    FileNotFoundError: for a corpus that is not there.
  """
  corpus = corpora.load(
    settings.dataset,
    documents=settings.documents,
    vocabulary=settings.vocabulary,
  )
  return completion.complete(
    topic_run.Run(settings, output_dir, corpus),
    measure=topic_closing.measure,
    table=topic_closing.table,
    draw=topic_plots.draw,
  )


PROGRAM = program.Program(
  name='train_topic_model',
  settings=topic_settings.Settings,
  presets=topic_settings.PRESETS,
  help=HELP,
  run=run,
  sources={},
)

if __name__ == '__main__':
  PROGRAM.define_flags()
  app.run(PROGRAM.main)
