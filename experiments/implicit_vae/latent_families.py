"""Posteriors and priors of the VAE with latent variables of other shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import keras
import numpy as np
from scipy import stats
import tensorflow as tf

from tf_mco import layers


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
class Logarithm(keras.layers.Layer):
  """Turns positive numbers z into log(z + 1e-6).

  The numbers cover many orders of magnitude.
  """

  def call(self, inputs: tf.Tensor) -> tf.Tensor:
    """Returns a tensor of the same shape."""
    return tf.math.log(inputs + 1e-6)


class Family(NamedTuple):
  """A family of distributions: its layers in a model, and its quantiles."""

  posterior: Callable[[int], keras.layers.Layer]  # from the number of units
  prior: Callable[[int], keras.layers.Layer]
  features: Callable[[], keras.layers.Layer]  # of z, for the decoder
  quantiles: Callable[[np.ndarray], np.ndarray]  # of the prior, for pictures


def _identity() -> keras.layers.Layer:
  return keras.layers.Identity()


# Concentration and rate of the Gamma prior, which is sparse: most of its mass
# is near zero.
_SPARSE = 0.3
FAMILIES: Mapping[str, Family] = {
  'normal': Family(
    layers.GaussianPosterior, layers.GaussianPrior, _identity, stats.norm.ppf
  ),
  'gamma': Family(
    layers.GammaPosterior,
    lambda units: layers.GammaPrior(units, concentration=_SPARSE, rate=_SPARSE),
    Logarithm,
    lambda p: stats.gamma.ppf(p, _SPARSE, scale=1 / _SPARSE),
  ),
  'beta': Family(
    layers.BetaPosterior, layers.BetaPrior, _identity, stats.uniform.ppf
  ),
  'von_mises': Family(
    layers.VonMisesPosterior,
    layers.VonMisesPrior,
    _identity,  # the posterior embeds the angles by cosine and sine
    lambda p: np.pi * (2 * p - 1),
  ),
}
