"""Log-weights of trajectories, exact and with terms integrated out."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.ops import gradients
from tf_mco.posteriors import posterior as posterior_lib


class Trajectories(NamedTuple):
  """The parts of a Hamiltonian draw from which log-weights are made."""

  log_p: tf.Tensor  # `[K, B]`, log p(x, z) of the samples
  log_q: tf.Tensor  # `[K, B]`, such that log_p - log_q is the log-weight
  start: tf.Tensor  # `[K, B, ...]`, the samples of the base
  noise: tf.Tensor  # `[K, B, ...]`, N(0, I), from which the momentum started
  momentum: tf.Tensor  # `[K, B, ...]`, at the end


def log_q(
  log_base: tf.Tensor, noise: tf.Tensor, momentum: tf.Tensor
) -> tf.Tensor:
  """Returns log q(z0) + log N(noise; 0, I) - log N(momentum; 0, I), `[K, B]`.

  The normalizers of the two normal densities cancel.
  """
  return log_base + _half_square(momentum) - _half_square(noise)


def integrated(
  trajectories: Trajectories, base: tfd.Distribution, moved: bool
) -> tf.Tensor:
  """Returns log-weights, `[K, B]`, without the noise of z0 and of gamma.

  Args:
    trajectories: those of the draw.
    base: q(z0 | x), whose entropy replaces -log q(z0 | x) where the entropy is
      known in closed form.
    moved: whether there was a step, hence a momentum.
  """
  try:
    entropy = base.entropy()
  except NotImplementedError:
    entropy = -_log_prob(base, trajectories.start)
  if not moved:
    return trajectories.log_p + entropy
  # log N(p; 0, I) and the entropy of gamma both have d log(2 pi) / 2, which
  # cancels; d / 2 of the entropy is left.
  dimensions = tf.size(trajectories.noise[0, 0])
  half_size = 0.5 * tf.cast(dimensions, trajectories.log_p.dtype)
  kinetic = _half_square(trajectories.momentum)
  return trajectories.log_p - kinetic + entropy + half_size


def controlled(
  trajectories: Trajectories, base: tfd.Distribution, prior: tfd.Distribution
) -> tf.Tensor:
  """Returns log-weights with a control variate, `[K, B]`.

  Args:
    trajectories: those of the draw.
    base: q(z0 | x).
    prior: p(z), with KL(q(z0 | x) || p) in closed form.
  """
  log_ratio = _log_prob(base, trajectories.start)
  log_ratio -= sampling.log_prob(prior, trajectories.start)
  kl = tfd.kl_divergence(base, prior)
  return trajectories.log_p - trajectories.log_q + log_ratio - kl


def standard_normal(like: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns standard normal numbers of the shape and dtype of `like`."""
  normal = tfd.Normal(tf.zeros_like(like), tf.ones_like(like))
  return sampling.sample(normal, [], seed=seed)


def against(factor: tf.Tensor, samples: tf.Tensor) -> tf.Tensor:
  """Returns a scalar or `[B]` factor that multiplies samples `[K, B, ...]`."""
  if factor.shape.rank == 0:
    return factor
  return gradients.expand_to_event(factor[tf.newaxis], samples)


def _log_prob(base: tfd.Distribution, samples: tf.Tensor) -> tf.Tensor:
  return posterior_lib.as_posterior(base).log_prob(samples)


def _half_square(momentum: tf.Tensor) -> tf.Tensor:
  """Returns |p|^2 / 2, `[K, B]`."""
  return 0.5 * gradients.sum_event(momentum**2, sample_rank=2)
