"""Log-weights of trajectories, exact and with terms integrated out."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


class Trajectories(NamedTuple):
  """What a draw of a Hamiltonian posterior keeps beside its samples."""

  log_p: tf.Tensor  # `[K, B]`, log p(x, z) of the samples
  log_q: tf.Tensor  # `[K, B]`, so that log_p - log_q is the log-weight
  start: tf.Tensor  # `[K, B, ...]`, the samples of the base
  noise: tf.Tensor  # `[K, B, ...]`, behind the first momentum; N(0, I)
  momentum: tf.Tensor  # `[K, B, ...]`, at the end


def log_q(
  log_base: tf.Tensor, noise: tf.Tensor, momentum: tf.Tensor
) -> tf.Tensor:
  """Returns log q(z0) + log N(noise; 0, I) - log N(momentum; 0, I), `[K, B]`.

  The normalizers of the two normal densities cancel.
  """
  return log_base + _half_square(momentum) - _half_square(noise)


def integrated(
  kept: Trajectories, base: tfd.Distribution, moved: bool
) -> tf.Tensor:
  """Returns log-weights, `[K, B]`, without the noise of z0 and of gamma.

  Args:
    kept: of the draw.
    base: q(z0 | x), whose entropy replaces -log q(z0 | x) where it is known.
    moved: whether there was a step, hence a momentum.
  """
  try:
    entropy = base.entropy()
  except NotImplementedError:
    entropy = -protocol.log_prob(base, kept.start)
  if not moved:
    return kept.log_p + entropy
  # Of log N(p; 0, I) and of the entropy of gamma; log 2 pi cancels.
  half_size = 0.5 * tf.cast(tf.size(kept.noise[0, 0]), kept.log_p.dtype)
  return kept.log_p - _half_square(kept.momentum) + entropy + half_size


def controlled(
  kept: Trajectories, base: tfd.Distribution, prior: tfd.Distribution
) -> tf.Tensor:
  """Returns log-weights with a control variate, `[K, B]`.

  Args:
    kept: of the draw.
    base: q(z0 | x).
    prior: p(z), with KL(q(z0 | x) || p) in closed form.
  """
  log_ratio = protocol.log_prob(base, kept.start)
  log_ratio -= prior.log_prob(kept.start)
  kl = tfd.kl_divergence(base, prior)
  return kept.log_p - kept.log_q + log_ratio - kl


def standard_normal(like: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns standard normal numbers of the shape and dtype of `like`."""
  normal = tfd.Normal(tf.zeros_like(like), tf.ones_like(like))
  return sampling.sample(normal, [], seed=seed)


def against(factor: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
  """Appends axes to a scalar or `[B]`: it multiplies `[K, B, ...]`."""
  if factor.shape.rank == 0:
    return factor
  return gradients.expand_to_event(factor[tf.newaxis], samples)


def _half_square(momentum: tf.Tensor) -> tf.Tensor:
  """Returns |p|^2 / 2, `[K, B]`."""
  return 0.5 * gradients.sum_event(momentum**2, sample_rank=2)
