"""Models with a likelihood of every support, and data for each of them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import tf_mco
from tf_mco import layers
from tf_mco import models

WIDTH = 4

# Observations, [3, WIDTH], that each likelihood can score.
GOOD: dict[str, Any] = {
  'binary': np.array([[0, 1, 0.5, 0], [1, 1, 0, 0], [0, 0, 0, 1]]),
  'unit_interval': np.array([[0.1, 0.5, 0.9, 0.4]] * 3),
  'real': np.array([[-3.0, 0.0, 2.5, 1e4]] * 3),
  'positive': np.array([[0.1, 0.5, 9.0, 400.0]] * 3),
  'count': np.array([[0, 3, 1, 300]] * 3, 'float64'),
  'categorical': np.array([[0, 2, 1, 1]] * 3, 'float64'),
  'simplex': np.array([[0.1, 0.2, 0.3, 0.4]] * 3),
  'circle': np.array([[-np.pi, 0, 1, np.pi]] * 3),
  'one_hot': np.eye(WIDTH)[:3],
}
# A value that spoils the first of these rows, in the first place.
BAD: dict[str, list[float]] = {
  'binary': [np.nan, np.inf, -0.01, 1.01, 255.0],
  'unit_interval': [np.nan, -0.01, 1.01],
  'real': [np.nan, np.inf, -np.inf],
  'positive': [np.nan, np.inf, 0.0, -1.0],
  'count': [np.nan, np.inf, -1.0, 0.5],
  'categorical': [np.nan, -1.0, 1.5],
  'simplex': [np.nan, -0.1, 0.2],
  'circle': [np.nan, np.inf, 3.2, 180.0],
  'one_hot': [np.nan, 0.0, 0.5, 2.0],
}


class Likelihood(layers.Head):
  """A likelihood of any support, whose parameters are its features."""

  def __init__(self, support: str, **kwargs: Any):
    super().__init__(**kwargs)
    self.support = support

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the features."""
    return features

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns a distribution with the support."""
    return _distribution(self.support, parameters)


def _distribution(support: str | None, p: tf.Tensor) -> tfd.Distribution:
  if support == 'simplex':
    return tfd.Dirichlet(tf.exp(p))
  if support == 'one_hot':
    return tfd.OneHotCategorical(p)
  one = tf.ones_like(p)
  factors = {
    'binary': lambda: tf_mco.distributions.Bernoulli(logits=p),
    'unit_interval': lambda: tfd.Beta(one + tf.exp(p), one),
    'real': lambda: tfd.Normal(p, one),
    'positive': lambda: tfd.LogNormal(p, one),
    'count': lambda: tfd.Poisson(log_rate=p),
    'categorical': lambda: tfd.Categorical(tf.stack([p, -p, one], axis=-1)),
    'circle': lambda: tfd.VonMises(p, one),
  }
  return tfd.Independent(factors[support or 'real'](), 1)


def model(
  support: str, estimator: str = 'elbo', **options: Any
) -> models.LatentVariableModel:
  """Returns a built model of two real latent variables."""
  init = keras.initializers.RandomNormal(stddev=0.3, seed=1)
  dense = keras.layers.Dense(WIDTH, kernel_initializer=init)
  made = models.LatentVariableModel(
    layers.GaussianPosterior(
      2, kernel_initializer=keras.initializers.RandomNormal(0, 1e-3, seed=2)
    ),
    (dense, Likelihood(support)),
    layers.GaussianPrior(2),
    estimator,
    **options,
  )
  made.build((None, WIDTH))
  return made


def spoilt(support: str, bad: float) -> np.ndarray:
  """Returns good observations of which one value of row 0 is bad."""
  x = GOOD[support].copy()
  x[0, 0] = bad
  return x
