"""The networks of the importance weighted autoencoders' paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from experiments.binary import networks
from tf_mco import layers


def widths(top: int, num_layers: int) -> list[int]:
  """Returns the latent variables of each layer, from the data upwards.

  Args:
    top: of the last layer; each layer has half as many as the one below.
    num_layers: stochastic layers.
  """
  return [top * 2**above for above in reversed(range(num_layers))]


def gaussian(
  mean: np.ndarray, latents: Sequence[int], hidden: int
) -> networks.Networks:
  """Returns encoder, decoder and prior for Gaussian latent variables.

  Every conditional has two hidden tanh layers. Means are linear in the second
  of them, standard deviations the exponential of something linear. Weights
  start as Glorot and Bengio's uniform ones.

  Args:
    mean: `[D]` mean of the training data in [0, 1]; the pixels' bias starts at
      its logit.
    latents: variables of each stochastic layer, from the data upwards.
    hidden: units of a hidden layer next to the data, halved with each
      stochastic layer above.
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
  """Returns Glorot's initializer of two layers that are one matrix.

  Mean and log-scale are a layer each in the paper, so that the fan-out that
  counts is `units`, not the 2 `units` columns that both have together.
  """
  return keras.initializers.VarianceScaling(
    scale=(fan_in + 2 * units) / (fan_in + units),
    mode='fan_avg',
    distribution='uniform',
  )
