"""One way to sample and to score every kind of posterior."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.posteriors import chain as chain_lib


def check(posterior: Any) -> None:
  """Raises ValueError unless `posterior` can serve an estimator.

  A distribution must have the batch shape [B]: a factorized one is wrapped
  in `tfd.Independent`, so that a sample is scored as a whole.
  """
  if isinstance(posterior, chain_lib.Chain):
    return
  if not isinstance(posterior, tfd.Distribution):
    raise ValueError(
      'The posterior must be a tfd.Distribution or one of '
      f'tf_mco.posteriors. Received: {posterior!r}'
    )
  rank = posterior.batch_shape.rank
  if rank is not None and rank != 1:
    raise ValueError(
      'The posterior must have the batch shape [B], one per example; wrap '
      'independent dimensions in tfd.Independent(..., '
      'reinterpreted_batch_ndims=1). Received: batch_shape='
      f'{posterior.batch_shape}, event_shape={posterior.event_shape}'
    )


def as_chain(posterior: Any) -> chain_lib.Chain:
  """Returns a chain; that of a single distribution has one layer."""
  check(posterior)
  if isinstance(posterior, chain_lib.Chain):
    return posterior
  return chain_lib.Chain([posterior])


def num_layers(posterior: Any) -> int:
  """Returns the number of stochastic layers."""
  return as_chain(posterior).num_layers


def pack(posterior: Any, path: tuple[tf.Tensor, ...]) -> types.Samples:
  """Returns a path as `log_joint` wants it: a tuple only for a Chain."""
  return path if isinstance(posterior, chain_lib.Chain) else path[0]


def sample(
  posterior: Any, num_samples: int, *, seed: types.Seed
) -> types.Samples:
  """Returns K samples, `[K, B, ...]` or a tuple of them."""
  path = as_chain(posterior).sample(num_samples, seed=seed)
  return pack(posterior, path)


def sample_stopped(
  posterior: Any, num_samples: int, *, seed: types.Seed
) -> types.Samples:
  """Returns K samples without a path to the posterior's parameters.

  Score-function estimators score what they draw, and the log-density of a
  reparameterized sample would hide its score.
  """
  samples = sample(posterior, num_samples, seed=seed)
  return tf.nest.map_structure(tf.stop_gradient, samples)


def log_prob(posterior: Any, samples: types.Samples) -> tf.Tensor:
  """Returns log q(z | x), `[K, B]`, in nats."""
  path = samples if isinstance(samples, tuple) else (samples,)
  return as_chain(posterior).log_prob(path)
