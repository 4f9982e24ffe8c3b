"""The planar flow of the Gaussian study (Rezende and Mohamed, 2015)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from experiments.studies.hvae_gaussian import point_sets
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling


def start(
  dims: int,
  repeats: int,
  options: point_sets.MethodOptions,
  rng: np.random.Generator,
  *,
  num_steps: int,
) -> dict[str, np.ndarray]:
  """Returns the start of the flow's parameters, `[R, ...]` by name."""
  layers = 1 if options.nf_shared else num_steps
  shape = (repeats, layers, dims)

  def truncated() -> np.ndarray:
    # The first of 8 normal draws within two standard deviations, as TensorFlow
    # truncates; all 8 are outside with a probability of 2e-11.
    draws = rng.standard_normal((8, *shape))
    inside = np.abs(draws) < 2
    first = np.argmax(inside, 0)[np.newaxis]
    return 0.1 * np.clip(np.take_along_axis(draws, first, 0)[0], -2, 2)

  return {
    'nf_u': truncated(),
    'nf_w': truncated(),
    'nf_b': np.full(shape[:2], 0.1),
  }


def bound(
  parameters: Mapping[str, tf.Tensor],
  data: point_sets.PointSets,
  options: point_sets.MethodOptions,
  *,
  num_steps: int,
  seed: tf.Tensor,
) -> tf.Tensor:
  """Returns an estimate of the ELBO of each data set, `[R]`, in nats."""
  u, w, b = (parameters[name] for name in ('nf_u', 'nf_w', 'nf_b'))
  zeros = tf.zeros_like(u[:, 0])
  base = tfd.Independent(tfd.Normal(zeros, tf.ones_like(zeros)), 1)
  z = sampling.sample(base, [options.samples], seed=seed)
  log_q = base.log_prob(z)
  for step in range(num_steps):
    layer = 0 if options.nf_shared else step
    z, log_det = planar(z, u[:, layer], w[:, layer], b[:, layer])
    log_q -= log_det
  log_joint = data.log_joint(
    parameters['delta'],
    parameters['log_sigma'],
    halves=1.0 if options.nf_missing_half else 0.5,
  )
  return tf.reduce_mean(log_joint(z) - log_q, 0)


def planar(
  z: tf.Tensor, u: tf.Tensor, w: tf.Tensor, b: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns z + u' tanh(w z + b), `[K, R, D]`, and its log-volume, `[K, R]`.

  u' is u, moved along w until w u' > -1, because the map is invertible then
  (Rezende and Mohamed, 2015, appendix A).

  Args:
    z: `[K, R, D]`.
    u: `[R, D]`.
    w: `[R, D]`.
    b: `[R]`.
  """
  product = tf.reduce_sum(w * u, -1, keepdims=True)
  wanted = -1 + tf.nn.softplus(product)
  square = tf.reduce_sum(w**2, -1, keepdims=True)
  u = u + (wanted - product) * w / square
  hidden = tf.tanh(tf.reduce_sum(w * z, -1) + b)
  slope = tf.reduce_sum(w * u, -1) * (1 - hidden**2)
  return z + u * hidden[..., tf.newaxis], tf.math.log1p(slope)
