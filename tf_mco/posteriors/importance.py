"""The K-sample bound of log p(x) with many samples, in bounded memory."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.ops import checks
from tf_mco.posteriors import protocol


def importance_bound(
  log_joint: types.LogJoint,
  posterior: Any,
  num_samples: int,
  *,
  chunk_size: int = 50,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns log(mean_k(w[k])) with K samples, `[B]`, in nats.

  Its expectation is at most log p(x) and approaches it as K grows (Burda,
  Grosse and Salakhutdinov 2016). No gradient is meant to flow.

  Args:
    log_joint: maps samples `[K, B, ...]` to `[K, B]`.
    posterior: of batch shape `[B]`, or one of `tf_mco.posteriors`.
    num_samples: K, any number.
    chunk_size: samples held in memory at once.
    seed: an integer or an int32 `[2]` tensor.
  """
  checks.at_least('num_samples', num_samples, 1)
  checks.at_least('chunk_size', chunk_size, 1)

  def log_sum(size: int, index: int | tf.Tensor) -> tf.Tensor:
    draw = protocol.draw_stopped(
      log_joint, posterior, size, seed=random.fold_in(seed, index)
    )
    log_w = protocol.log_weights(log_joint, posterior, draw)
    return tf.reduce_logsumexp(log_w, axis=0)

  size = min(chunk_size, num_samples)
  chunks, rest = divmod(num_samples, size)
  # The first chunk also serves as the loop's initial value.
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
