"""Paths through a chain of Bernoulli layers, coupled at one of them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import bernoulli
from tf_mco.distributions import sampling
from tf_mco.estimators import coupling
from tf_mco.posteriors import chain as chain_lib


def logits(distribution: tfd.Distribution) -> tf.Tensor:
  """Returns the logits of factorized Bernoulli variables, `[..., D]`.

  Raises:
    ValueError: for any other distribution: an antithetic pair of binary
      variables would not estimate its gradient.
  """
  inner: Any = sampling.unwrap(distribution)
  if not isinstance(inner, tfd.Bernoulli):
    raise ValueError(
      'ARM, DisARM and local DisARM need Bernoulli variables at every '
      'stochastic layer: tfd.Independent(tfd.Bernoulli(logits=...), 1). '
      f'Received: {distribution!r}'
    )
  return bernoulli.logits_of(inner)


def antithetic_pairs(
  chain: chain_lib.Chain,
  num_pairs: int,
  *,
  shared_randomness: bool,
  seed: types.Seed,
) -> tuple[types.Pair, ...]:
  """Returns, for each layer, P pairs of paths antithetic at that layer.

  A pair shares the layers below; above, its two paths continue on their own,
  or with the same uniform numbers if `shared_randomness`.

  Raises:
    ValueError: if a layer is not Bernoulli.
  """
  return tuple(
    _pair(chain, layer, num_pairs, shared_randomness, layer_seed)
    for layer, layer_seed in enumerate(random.split(seed, chain.num_layers))
  )


def _pair(
  chain: chain_lib.Chain,
  layer: int,
  num_pairs: int,
  shared_randomness: bool,
  seed: tf.Tensor,
) -> types.Pair:
  prefix_seed, uniform_seed, seed_b, seed_tilde = random.split(seed, 4)
  prefix = chain.sample(num_pairs, num_layers=layer, seed=prefix_seed)
  layer_logits = logits(chain.conditional(prefix))
  # The first layer's logits are `[B, D]`, the others have the axis of pairs.
  sample_shape = [num_pairs] if layer == 0 else []
  uniform = random.uniform_like(layer_logits, sample_shape, seed=uniform_seed)
  b, b_tilde = coupling.antithetic_bernoulli(layer_logits, uniform)
  if shared_randomness:
    seed_tilde = seed_b
  return types.Pair(
    path=chain.extend(prefix + (b,), seed=seed_b),
    antithetic=chain.extend(prefix + (b_tilde,), seed=seed_tilde),
    uniform=uniform,
  )
