"""Keras models of a few real variables, one dense layer per distribution."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

import tf_mco
from tf_mco import layers
from tf_mco import models

PIXELS, LATENTS = 4, (3, 2)
LIKELIHOODS = {
  'gaussian': layers.GaussianLikelihood,
  'logistic': layers.LogisticLikelihood,
  'bernoulli': layers.BernoulliLikelihood,
}


def model(
  estimator: tf_mco.Estimator | str,
  likelihood: str = 'gaussian',
  num_layers: int = 1,
  **options: Any,
) -> models.LatentVariableModel:
  """Returns a model of one dense layer per distribution, in float64."""
  widths = LATENTS[:num_layers]
  kinds = [LIKELIHOODS[likelihood], layers.GaussianLikelihood]
  encoder: Any = [_head(layers.GaussianPosterior, n, n) for n in widths]
  decoder: Any = [
    _head(kind, n, n + 5)
    for kind, n in zip(kinds, (PIXELS, *widths[:-1]), strict=False)
  ]
  if num_layers == 1:
    encoder, decoder = encoder[0], decoder[0]
  prior = layers.GaussianPrior(widths[-1], learned=True, dtype='float64')
  made = models.LatentVariableModel(
    encoder, decoder, prior, estimator, dtype='float64', **options
  )
  made.build((None, PIXELS))
  return made


def _head(kind: Any, units: int, seed: int) -> keras.layers.Layer:
  init = keras.initializers.RandomNormal(stddev=0.3, seed=seed)
  return kind(
    units, kernel_initializer=init, bias_initializer=init, dtype='float64'
  )


def data(likelihood: str = 'gaussian', num: int = 6) -> np.ndarray:
  """Returns data that float32, through which `fit` passes them, can hold."""
  x = np.random.default_rng(0).normal(size=(num, PIXELS))
  x = x > 0 if likelihood == 'bernoulli' else x
  return x.astype('float32').astype('float64')
