"""Keras models whose latent variables are positive, in (0, 1) or angles."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tf_mco import layers
from tf_mco import models

PIXELS, UNITS = 4, 3
KINDS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
  'gamma': (layers.GammaPosterior, layers.GammaPrior, {'rate': 2.0}),
  'beta': (layers.BetaPosterior, layers.BetaPrior, {'concentration0': 2.0}),
  'dirichlet': (
    layers.DirichletPosterior,
    layers.DirichletPrior,
    {'concentration': 0.7},
  ),
  'von_mises': (
    layers.VonMisesPosterior,
    layers.VonMisesPrior,
    {'concentration': 0.5},
  ),
}


def parts(kind: str, *, dtype: str = 'float64') -> tuple[Any, Any, Any]:
  """Returns encoder, decoder and learned prior."""
  posterior, prior, values = KINDS[kind]
  init = keras.initializers.RandomNormal(stddev=0.5, seed=3)
  options = {
    'kernel_initializer': init,
    'bias_initializer': init,
    'dtype': dtype,
  }
  encoder = keras.Sequential(
    [
      keras.Input([PIXELS], dtype=dtype),
      keras.layers.Dense(5, activation='tanh', **options),
      posterior(UNITS, **options),
    ]
  )
  decoder = layers.GaussianLikelihood(
    PIXELS, scale='softplus', minimum_scale=0.5, **options
  )
  return encoder, decoder, prior(UNITS, learned=True, dtype=dtype, **values)


def model(
  kind: str, estimator: Any = 'elbo', **options: Any
) -> models.LatentVariableModel:
  """Returns a built model of Gaussian data in float64."""
  made = models.LatentVariableModel(
    *parts(kind), estimator, dtype='float64', **options
  )
  made.build((None, PIXELS))
  return made


def data(num: int = 6) -> np.ndarray:
  """Returns data that float32, through which `fit` passes them, can hold."""
  x = np.random.default_rng(0).normal(size=(num, PIXELS))
  return x.astype('float32').astype('float64')
