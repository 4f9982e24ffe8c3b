"""Small models: every way to train once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

import tf_mco
from tf_mco import layers
from tf_mco import models

PIXELS, UNITS, BATCH = 4, 3, 5

_POSTERIORS: Mapping[str, tuple[type, type]] = {
  'bernoulli': (layers.BernoulliPosterior, layers.BernoulliPrior),
  'gaussian': (layers.GaussianPosterior, layers.GaussianPrior),
}
LIKELIHOODS: Mapping[str, type] = {
  'bernoulli': layers.BernoulliLikelihood,
  'gaussian': layers.GaussianLikelihood,
  'logistic': layers.LogisticLikelihood,
  'bag_of_words': layers.BagOfWordsLikelihood,
}


class Step(NamedTuple):
  """A training step.

  `posterior` is a kind of `_POSTERIORS`, 'chain' for two layers of binary
  variables, or 'hamiltonian'.
  """

  estimator: str
  posterior: str
  options: Mapping[str, Any] = {}
  likelihood: str = 'bernoulli'
  model: Mapping[str, Any] = {}
  optimizer: str = 'sgd'

  def __str__(self) -> str:
    options = [str(value) for value in self.options.values()]
    return '-'.join([self.estimator, self.posterior, *options])


_K = {'num_samples': 2}
_GROUPS = {'num_bounds': 2, 'num_samples_per_bound': 2}
# Steps of training. Tracing takes most of the time of the test, and positive
# variables take longest. Their heads are therefore in `distributions_test`.
STEPS = (
  Step('reinforce_loo', 'bernoulli', _K, 'bag_of_words'),
  Step('vimco', 'bernoulli', _K, 'gaussian'),
  Step('disarm', 'bernoulli', {'num_pairs': 2}, optimizer='adam'),
  Step('local_disarm', 'chain', {'num_pairs': 2}),
  Step('rws', 'bernoulli', {**_K, 'phase': 'both', 'defensive': 0.1}),
  Step('elbo', 'gaussian', {}, 'logistic', model={'analytic_kl': True}),
  Step('elbo', 'hamiltonian'),
)
# The other estimators, without a model around them.
ESTIMATORS = (
  Step('reinforce', 'bernoulli'),
  Step('arm', 'bernoulli'),
  Step('iwae', 'gaussian', _K),
  Step('stl', 'gaussian', _K),
  Step('dreg', 'gaussian', _K),
  Step('rws_dreg', 'gaussian', _K),
  Step('aisle', 'gaussian', {**_K, 'divergence': 1.5}),
  Step('miwae', 'gaussian', _GROUPS),
  Step('piwae', 'gaussian', _GROUPS),
  Step('ciwae', 'gaussian', _K),
  Step('renyi', 'gaussian', _K),
  Step('rsvi', 'gamma', {'augmentation': 1}),
  Step('grep', 'gamma'),
)


def _encoder_and_prior(posterior: str) -> tuple[Any, keras.layers.Layer]:
  if posterior == 'chain':
    head, prior = _POSTERIORS['bernoulli']
    return [head(UNITS), head(UNITS)], prior(UNITS)
  if posterior == 'hamiltonian':
    head, prior = _POSTERIORS['gaussian']
    moved = layers.HamiltonianPosterior(head(UNITS), 2, tempering='free')
    return moved, prior(UNITS)
  head, prior = _POSTERIORS[posterior]
  return head(UNITS), prior(UNITS)


def make_model(step: Step) -> models.LatentVariableModel:
  """Returns the compiled and built model of a step."""
  encoder, prior = _encoder_and_prior(step.posterior)
  decoder: Any = LIKELIHOODS[step.likelihood](PIXELS)
  if step.posterior == 'chain':
    decoder = [decoder, layers.BernoulliLikelihood(UNITS)]
  options = dict(step.model)
  if step.likelihood == 'bernoulli':
    options['pixel_range'] = (0, 255)
  estimator = tf_mco.get_estimator(step.estimator, **step.options)
  model = models.LatentVariableModel(
    encoder, decoder, prior, estimator, **options
  )
  model.compile(step.optimizer, jit_compile=True)
  model.build((None, PIXELS))
  model.optimizer.build(model.trainable_variables)
  return model


def observations(step: Step) -> np.ndarray:
  """Returns a batch that the likelihood scores."""
  if step.likelihood in ('gaussian', 'logistic'):
    return np.linspace(-1, 1, BATCH * PIXELS).reshape(BATCH, -1).astype('f4')
  return (np.arange(BATCH * PIXELS) % 7).reshape(BATCH, -1).astype('uint8')
