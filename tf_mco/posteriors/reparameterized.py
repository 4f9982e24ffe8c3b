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


def draw(
  log_joint: types.LogJoint,
  posterior: Any,
  num_samples: int,
  *,
  rescores: bool,
  seed: types.Seed,
) -> types.Draw:
  """Returns a draw with its gradient, of any posterior that allows it.

  Args:
    log_joint: what a posterior that scores its own samples follows.
    posterior: any.
    num_samples: K.
    rescores: whether the estimator needs the density of q at given samples, or
      apart from their path.
    seed: an integer or an int32 `[2]` tensor.
  Raises:
    ValueError: if a layer is not reparameterized, or the posterior scores only
      its own samples and that does not suffice.
  """
  if not rescores and not protocol.can_rescore(posterior):
    return posterior.sample_and_score(log_joint, num_samples, seed=seed)
  return types.Draw(sample(posterior, num_samples, seed=seed))
