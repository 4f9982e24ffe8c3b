"""The networks of the importance weighted autoencoders' paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from experiments.framework import networks
from tf_mco import layers


def widths(top: int, num_layers: int) -> list[int]:
  """Returns the latent variables of each layer, from the data upwards.

  Args:
    top: the latent variables of the last layer. Each layer has half as many as
      the layer below.
    num_layers: the number of stochastic layers.
  """
  return [top * 2**above for above in reversed(range(num_layers))]


def gaussian(
  mean: np.ndarray, latents: Sequence[int], hidden: int
) -> networks.Networks:
  """Returns encoder, decoder and prior for Gaussian latent variables.

  Every conditional has two hidden tanh layers. Means are linear in the second
  hidden layer, and so are the logarithms of standard deviations. Weights start
  as the uniform weights of Glorot and Bengio (2010).

  Args:
    mean: `[D]` mean of the training data in [0, 1]. The pixels' bias starts at
      its logit.
    latents: variables of each stochastic layer, from the data upwards.
    hidden: units of a hidden layer next to the data. Each stochastic layer
      above halves the number.
  """

  def network(inputs: int, depth: int, head: Any) -> keras.Sequential:
    width = max(hidden // 2**depth, 1)
    return keras.Sequential(
      [
        keras.Input((inputs,)),
        keras.layers.Dense(width, activation='tanh'),
        keras.layers.Dense(width, activation='tanh'),
        head,
      ]
    )

  def gaussian_head(kind: Any, units: int, depth: int) -> Any:
    fan_in = max(hidden // 2**depth, 1)
    return kind(units, kernel_initializer=_glorot_of_each(fan_in, units))

  below = [mean.size, *latents]
  encoder, decoder = [], []
  for depth, (inputs, units) in enumerate(zip(below, latents, strict=False)):
    posterior = gaussian_head(layers.GaussianPosterior, units, depth)
    encoder.append(network(inputs, depth, posterior))
    if depth == 0:
      likelihood = layers.BernoulliLikelihood(inputs, mean=mean)
    else:
      likelihood = gaussian_head(layers.GaussianLikelihood, inputs, depth)
    decoder.append(network(units, depth, likelihood))
  prior = layers.GaussianPrior(latents[-1])
  if len(latents) == 1:
    return networks.Networks(encoder[0], decoder[0], prior)
  return networks.Networks(encoder, decoder, prior)


def _glorot_of_each(fan_in: int, units: int) -> keras.initializers.Initializer:
  """Returns Glorot's initializer for two layers that are one matrix.

  Mean and log-scale are a layer each in the paper. The fan-out of each layer is
  therefore `units`, and not the 2 `units` columns of the one matrix.
  """
  return keras.initializers.VarianceScaling(
    scale=(fan_in + 2 * units) / (fan_in + units),
    mode='fan_avg',
    distribution='uniform',
  )
