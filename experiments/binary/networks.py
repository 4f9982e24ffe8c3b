"""The networks of the DisARM paper, from a handful of settings."""

from __future__ import annotations

import keras
import numpy as np

from experiments.framework import networks
from tf_mco import layers

ARCHITECTURES = ('linear', 'nonlinear')
_LEAKY_SLOPE = 0.3


def binary(
  mean: np.ndarray,
  *,
  architecture: str,
  num_layers: int,
  units: int,
  hidden_units: int,
  centre: bool,
  initialize_with_bias: bool,
) -> networks.Networks:
  """Returns encoder, decoder and prior for binary latent variables.

  Args:
    mean: `[D]` mean of the training data in [0, 1].
    architecture: 'linear': every conditional is one dense layer; 'nonlinear':
      two hidden layers, LeakyReLU with slope 0.3, in each.
    num_layers: stochastic layers, `units` binary variables each.
    units: binary latent variables in a layer.
    hidden_units: of the hidden layers.
    centre: whether the encoder sees x - mean, and every network that is
      given binary variables sees 2 b - 1.
    initialize_with_bias: whether the pixels' bias starts at logit(mean).
  Raises:
    ValueError: for an unknown architecture.
  """
  if architecture not in ARCHITECTURES:
    raise ValueError(
      f'`architecture` must be one of {", ".join(ARCHITECTURES)}. '
      f'Received: architecture={architecture!r}'
    )
  hidden = [hidden_units] * (2 if architecture == 'nonlinear' else 0)

  def network(given_pixels: bool, head: keras.layers.Layer) -> keras.Sequential:
    parts: list[keras.layers.Layer] = []
    if centre and given_pixels:
      parts.append(keras.layers.Rescaling(1.0, offset=(-mean).tolist()))
    elif centre:
      parts.append(keras.layers.Rescaling(2.0, offset=-1.0))
    for width in hidden:
      parts.append(keras.layers.Dense(width))
      parts.append(keras.layers.LeakyReLU(negative_slope=_LEAKY_SLOPE))
    return keras.Sequential([*parts, head])

  pixels = layers.BernoulliLikelihood(
    mean.size, mean=mean if initialize_with_bias else None
  )
  encoder = [network(True, layers.BernoulliPosterior(units))]
  decoder = [network(False, pixels)]
  for _ in range(1, num_layers):
    encoder.append(network(False, layers.BernoulliPosterior(units)))
    decoder.append(network(False, layers.BernoulliLikelihood(units)))
  prior = layers.BernoulliPrior(units)
  if num_layers == 1:
    return networks.Networks(encoder[0], decoder[0], prior)
  return networks.Networks(encoder, decoder, prior)
