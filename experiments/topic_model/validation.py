"""The perplexities that a run of a topic model logs after each epoch."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from experiments.data import corpora
from experiments.framework import recipe
from experiments.topic_model import measures as topic_measures
from experiments.topic_model import model as topic_model
from experiments.topic_model import settings as topic_settings
from tf_mco import models


class PerplexityEvaluation:
  """Evaluates the perplexity of training and validation documents.

  Attributes:
    evaluator: computes the ELBO of documents.
  """

  def __init__(
    self,
    model: models.LatentVariableModel,
    settings: topic_settings.TopicModelSettings,
    corpus: corpora.Corpus,
  ):
    self._model = model
    self._settings = settings
    self._corpus = corpus
    self.evaluator = topic_measures.Evaluator(
      model,
      num_samples=settings.eval_samples,
      jit_compile=settings.jit_compile,
    )

  def perplexity(
    self, documents: scipy.sparse.csr_matrix
  ) -> tuple[float, np.ndarray]:
    """Returns the perplexity of documents, and the bound of each in nats."""
    bounds, _ = self.evaluator(documents, seed=self._settings.seed)
    words = corpora.word_counts(documents)
    return topic_measures.perplexity(bounds, words), bounds

  def __call__(self) -> recipe.Evaluation:
    """Returns both perplexities, and the validation documents' mean bound."""
    first = self._settings.eval_examples
    train, _ = self.perplexity(self._corpus.train[:first])
    valid, bounds = self.perplexity(self._corpus.valid[:first])
    prior = topic_model.prior_of(self._model)
    return recipe.Evaluation(
      bound=float(bounds.mean()),
      metrics={
        'train_perplexity': train,
        'valid_perplexity': valid,
        'prior_concentration': float(prior.mean()),
      },
      message=f'perplexity: train {train:.1f}, validation {valid:.1f}',
    )
