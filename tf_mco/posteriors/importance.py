"""The K-sample bound of log p(x) with many samples, in bounded memory."""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import bernoulli_event
from tf_mco.ops import checks
from tf_mco.posteriors import posterior as posterior_lib


def importance_bound(
  log_joint: types.LogJoint,
  posterior: posterior_lib.PosteriorLike,
  num_samples: int,
  *,
  chunk_size: int = 20,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns log(mean_k(w[k])) with K samples, `[B]`, in nats.

  The expectation of the bound is at most log p(x), and the bound approaches
  log p(x) as K grows. The bound is meant for evaluation: no gradient flows
  through its samples.

  Args:
    log_joint: maps samples `[K, B, ...]` to log p(x, z), `[K, B]`, in nats.
    posterior: a `tfd.Distribution` of batch shape `[B]`, or one of
      `tf_mco.posteriors`.
    num_samples: K, any number.
    chunk_size: the number of samples that are held in memory at once. With the
      default, a batch of 100 images stays in the cache of a CPU.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `[B]`, the bound of each example.
  Raises:
    ValueError: for a number below 1, and for a posterior that is none.

  #### Example

  The posterior below is exact, so that every sample has the same weight.

  >>> import tensorflow_probability as tfp
  >>> tfd = tfp.distributions
  >>> posterior = tfd.Independent(tfd.Normal(tf.zeros([2, 1]), 1.0), 1)
  >>> bound = importance_bound(posterior.log_prob, posterior, 100, seed=0)
  >>> print([round(abs(float(value)), 3) for value in bound])
  [0.0, 0.0]

  Reference: Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519.
  """
  num_samples = checks.at_least('num_samples', num_samples, 1)
  chunk_size = checks.at_least('chunk_size', chunk_size, 1)
  checks.function('log_joint', log_joint)
  posterior = posterior_lib.as_posterior(posterior)

  def log_sum(size: int, index: int | tf.Tensor) -> tf.Tensor:
    with bernoulli_event.for_values_alone():
      draw = posterior.draw_stopped(
        log_joint, size, seed=random.fold_in(seed, index)
      )
      log_w = posterior.log_weights(log_joint, draw)
    return tf.reduce_logsumexp(log_w, axis=0)

  size = min(chunk_size, num_samples)
  chunks, rest = divmod(num_samples, size)
  # The first chunk also serves as the initial value of the loop.
  total = log_sum(size, 0)
  if chunks > 1:
    _, total = tf.while_loop(
      lambda index, _: index < chunks,
      lambda index, total: (
        index + 1,
        tf.reduce_logsumexp(tf.stack([total, log_sum(size, index)]), axis=0),
      ),
      [tf.constant(1), total],
    )
  if rest:
    last = log_sum(rest, chunks)
    total = tf.reduce_logsumexp(tf.stack([total, last]), axis=0)
  return total - math.log(num_samples)
