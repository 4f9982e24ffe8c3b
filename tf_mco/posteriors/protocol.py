"""One way to sample and to score every kind of posterior."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample
from tf_mco.ops import checks
from tf_mco.posteriors import chain as chain_lib


def check(posterior: Any) -> None:
  """Raises ValueError unless `posterior` can serve an estimator.

  A distribution must have the batch shape [B]: a factorized one is wrapped
  in `tfd.Independent`, so that a sample is scored as a whole.
  """
  if isinstance(posterior, chain_lib.Chain) or not can_rescore(posterior):
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


def can_rescore(posterior: Any) -> bool:
  """Returns whether a posterior scores any sample, or its own only.

  One of the latter kind has `can_rescore = False`, and instead of `sample` and
  `log_prob` a `sample_and_score(log_joint, num_samples, *, seed)`, which
  returns a Draw whose `extras` have `log_p` and `log_q`, `[K, B]`.
  """
  return getattr(posterior, 'can_rescore', True)


def as_chain(posterior: Any) -> chain_lib.Chain:
  """Returns a chain; that of a single distribution has one layer.

  Raises:
    ValueError: for a posterior that scores its own samples only.
  """
  check(posterior)
  if not can_rescore(posterior):
    raise ValueError(
      'This posterior scores only the samples that it draws itself, along '
      'log_joint. Expected: an estimator of an attached bound (elbo, iwae, '
      'ciwae, renyi, miwae), or a posterior that can score any sample. '
      f'Received: {posterior!r}'
    )
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
  return tf.nest.map_structure(log_sample.stop_gradient, samples)


def log_weights(
  log_joint: types.LogJoint, posterior: Any, draw: types.Draw
) -> tf.Tensor:
  """Returns log p(x, z) - log q(z | x) of a draw, `[K, B]`, in nats.

  With its whole derivative, for every kind of posterior.
  """
  log_q = log_q_of(posterior, draw)
  if not can_rescore(posterior):
    return draw.extras.log_p - log_q
  return checks.call_log_joint(log_joint, draw.samples, log_q) - log_q


def log_q_of(posterior: Any, draw: types.Draw) -> tf.Tensor:
  """Returns what a draw's log-weights subtract, `[K, B]`, in nats."""
  if not can_rescore(posterior):
    return draw.extras.log_q
  return log_prob(posterior, draw.samples)


def draw_stopped(
  log_joint: types.LogJoint,
  posterior: Any,
  num_samples: int,
  *,
  seed: types.Seed,
) -> types.Draw:
  """Returns a draw of any posterior, for values and not for gradients."""
  if not can_rescore(posterior):
    return posterior.sample_and_score(log_joint, num_samples, seed=seed)
  return types.Draw(sample_stopped(posterior, num_samples, seed=seed))


def evaluations_per_sample(posterior: Any) -> int:
  """Returns the calls of log_joint that drawing and scoring a sample takes."""
  return getattr(posterior, 'evaluations_per_sample', 1)


def log_prob(posterior: Any, samples: types.Samples) -> tf.Tensor:
  """Returns log q(z | x), `[K, B]`, in nats."""
  path = samples if isinstance(samples, tuple) else (samples,)
  return as_chain(posterior).log_prob(path)
