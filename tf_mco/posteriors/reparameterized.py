"""Samples through which a gradient flows."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.posteriors import chain as chain_lib
from tf_mco.posteriors import protocol


def check(posterior: Any, previous: tuple[tf.Tensor, ...] = ()) -> None:
  """Raises ValueError if a layer's samples carry no gradient.

  Args:
    posterior: a distribution, or a Chain.
    previous: samples of the layers below the one that is checked.
  """
  protocol.check(posterior)
  layers = _layers(posterior, previous)
  for layer, distribution in enumerate(layers):
    kind = distribution.reparameterization_type
    if kind != tfd.FULLY_REPARAMETERIZED:
      raise ValueError(
        'This estimator differentiates through the sample and needs a '
        'reparameterized posterior; discrete ones go to reinforce_loo, '
        'disarm, vimco or rws. Received: '
        f'{distribution!r} in stochastic layer {layer}'
      )


def _layers(posterior: Any, path: tuple[tf.Tensor, ...]) -> list:
  if not isinstance(posterior, chain_lib.Chain):
    return [posterior]
  depths = range(posterior.num_layers)
  return [posterior.conditional(path[:depth]) for depth in depths]


def sample(
  posterior: Any, num_samples: int, *, seed: types.Seed
) -> types.Samples:
  """Returns K samples, `[K, B, ...]` per layer, with their gradient.

  Raises:
    ValueError: if a layer is not reparameterized.
  """
  samples = protocol.sample(posterior, num_samples, seed=seed)
  check(posterior, samples if isinstance(samples, tuple) else (samples,))
  return samples
