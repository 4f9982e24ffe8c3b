"""The convolutional networks of the Hamiltonian VAE's MNIST experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
import math
from typing import Any

import keras
import numpy as np

from experiments.hvae import activation
from experiments.hvae import transposed
from tf_mco import layers

CHANNELS = (16, 32, 32)
_KERNEL, _STRIDE = 5, 2


def sizes(side: int) -> list[int]:
  """Returns the sides of the feature maps, from the image on: 28, 14, 7, 4."""
  sides = [side]
  for _ in CHANNELS:
    sides.append(-(-sides[-1] // _STRIDE))  # The quotient is rounded up.
  return sides


def encoder(
  shape: tuple[int, int],
  units: int,
  hidden: int,
  *,
  initializer: str = 'original',
) -> tuple[keras.Sequential, layers.GaussianPosterior]:
  """Returns the network and the head of q(z0 | x), for flat images.

  The network has three convolutions and a dense layer, each with a softplus
  activation. The head has a linear mean and a softplus scale.

  Args:
    shape: H, W.
    units: latent variables.
    hidden: units of the dense layer.
    initializer: of the weights, one of `INITIALIZERS`.
  """
  init = INITIALIZERS[initializer]
  maps = _feature_maps(shape)
  parts: list[Any] = [
    keras.Input((math.prod(shape),)),
    keras.layers.Reshape(maps[0]),
  ]
  for below, above in zip(maps[:-1], maps[1:], strict=True):
    parts.append(
      keras.layers.Conv2D(
        above[2],
        _KERNEL,
        strides=_STRIDE,
        padding='same',
        activation=activation.softplus,
        kernel_initializer=init(math.prod(below), math.prod(above)),
      )
    )
  parts.append(keras.layers.Flatten())
  parts.append(_dense(math.prod(maps[-1]), hidden, init))
  head = layers.GaussianPosterior(
    units, scale='softplus', kernel_initializer=init(hidden, units)
  )
  return keras.Sequential(parts), head


def decoder(
  shape: tuple[int, int],
  units: int,
  hidden: int,
  *,
  bias: float,
  initializer: str = 'original',
) -> keras.Sequential:
  """Returns p(x | z), the mirror image of the encoder, for flat images.

  Args:
    shape: H, W.
    units: latent variables.
    hidden: units of the first dense layer.
    bias: where the bias of the logits starts, one number for all pixels.
    initializer: of the weights, one of `INITIALIZERS`.
  """
  init = INITIALIZERS[initializer]
  maps = _feature_maps(shape)[::-1]
  parts: list[Any] = [
    keras.Input((units,)),
    _dense(units, hidden, init),
    _dense(hidden, math.prod(maps[0]), init),
    keras.layers.Reshape(maps[0]),
  ]
  for below, above in zip(maps[:-1], maps[1:], strict=True):
    last = above[2] == 1
    parts.append(
      transposed.Conv2DTranspose(
        above[2],
        _KERNEL,
        strides=_STRIDE,
        padding='same',
        # A stride of 2 halves two sizes to the same one: 7 and 8 pixels become
        # 4. The output padding says which of the two sizes comes back.
        output_padding=tuple(
          large - (small * 2 - 1)
          for small, large in zip(below[:2], above[:2], strict=True)
        ),
        activation=None if last else activation.softplus,
        kernel_initializer=init(math.prod(below), math.prod(above)),
        bias_initializer=keras.initializers.Constant(bias if last else 0.0),
      )
    )
  parts.append(keras.layers.Reshape((math.prod(shape),)))
  return keras.Sequential([*parts, layers.BernoulliLikelihood()])


def whole_maps(inputs: int, outputs: int) -> keras.initializers.Initializer:
  """Returns an initializer of weights from N(0, 1 / (inputs + outputs)).

  Args:
    inputs: the numbers that a layer reads. For a convolution these are all
      numbers of its feature maps, as in the original code, and not those
      that one weight sees.
    outputs: the numbers that the layer computes.
  """
  return keras.initializers.RandomNormal(stddev=1 / math.sqrt(inputs + outputs))


# The convolutions of the original start with next to no signal, and take a
# tenth of the training to find one. A softplus halves a small signal, and
# weights of the variance 4 / fan_in (as Keras counts it) double the signal.
INITIALIZERS: Mapping[str, Callable[[int, int], Any]] = {
  'original': whole_maps,
  'glorot': lambda inputs, outputs: keras.initializers.GlorotUniform(),
  'fan_in': lambda inputs, outputs: keras.initializers.VarianceScaling(4.0),
}


def mean_logit(images: np.ndarray) -> float:
  """Returns the mean over images of the logit of an image's mean.

  Args:
    images: `uint8 [N, D]`. A blank image counts as if one of its pixels were
      half of the smallest step above 0, since the logit of 0 is infinite.
  """
  least = 0.5 / (255 * images.shape[1])
  means = np.clip(images.mean(axis=1) / 255, least, 1 - least)
  return float(np.mean(np.log(means) - np.log1p(-means)))


def _feature_maps(shape: tuple[int, int]) -> list[tuple[int, int, int]]:
  """Returns height, width and channels of the maps, from the image on."""
  heights, widths = sizes(shape[0]), sizes(shape[1])
  return list(zip(heights, widths, (1, *CHANNELS), strict=True))


def _dense(
  inputs: int, outputs: int, init: Callable[[int, int], Any]
) -> keras.layers.Dense:
  return keras.layers.Dense(
    outputs,
    activation=activation.softplus,
    kernel_initializer=init(inputs, outputs),
  )
