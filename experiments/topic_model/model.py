"""The Keras model of a run of latent Dirichlet allocation."""

from __future__ import annotations

from typing import cast

import keras
import numpy as np

from experiments.data import corpora
from experiments.topic_model import optimizer as topic_optimizer
from experiments.topic_model import settings as topic_settings
from tf_mco import layers
from tf_mco import models

# The epsilon of Adam in TensorFlow 1, as in the original; Keras has 1e-7.
_EPSILON = 1e-8


def make(
  settings: topic_settings.TopicModelSettings, corpus: corpora.Corpus
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run.

  The model is collapsed: the topic of each word is summed over, and the latent
  variables are the proportions of topics in a document. The divergence between
  posterior and prior has a closed form.
  """
  keras.utils.set_random_seed(settings.seed)
  words = len(corpus.vocabulary)
  clip = (settings.minimum_concentration, settings.maximum_concentration)
  hidden = [
    keras.layers.Dense(
      settings.hidden_units,
      activation='relu',
      kernel_initializer='glorot_normal',
    )
    for _ in range(settings.hidden_layers)
  ]
  posterior = layers.DirichletPosterior(
    settings.topics,
    kernel_initializer='glorot_normal',
    minimum=0.0,
    clip=clip,
    gradient=settings.method.gradient,
  )
  model = models.LatentVariableModel(
    keras.Sequential([keras.Input((words,)), *hidden, posterior]),
    layers.BagOfWordsLikelihood(words),
    layers.DirichletPrior(
      settings.topics,
      concentration=settings.prior_concentration,
      learned=True,
      clip=clip,
    ),
    settings.make_estimator(),
    binarization='none',
    analytic_kl=True,
    seed=settings.seed,
  )
  model.build((None, words))
  adam = {'learning_rate': settings.learning_rate, 'epsilon': _EPSILON}
  model.compile(
    {
      'encoder': keras.optimizers.Adam(**adam),
      'decoder': keras.optimizers.Adam(**adam),
      'prior': topic_optimizer.BurnInAdam(
        burn_in_steps=settings.prior_burn_in, **adam
      ),
    },
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.optimizer.build(model.trainable_variables)
  return model


def topics_of(model: models.LatentVariableModel) -> np.ndarray:
  """Returns the probability of each word, `[topics, V]`."""
  return np.asarray(model.decoder_conditional().head.topics())


def prior_of(model: models.LatentVariableModel) -> np.ndarray:
  """Returns the concentrations of the prior, `[topics]`."""
  prior = cast(layers.DirichletPrior, model.prior)
  (concentration,) = prior.parameters()
  return np.asarray(concentration)
