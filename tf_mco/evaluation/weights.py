"""Measures of log-weights `[K, B]`, in nats."""

from __future__ import annotations

import tensorflow as tf

from tf_mco.ops import bounds


def effective_sample_size(log_w: tf.Tensor) -> tf.Tensor:
  """Returns 1 / sum_k wt[k]^2 of the normalized weights, `[B]`, in [1, K].

  Args:
    log_w: `[K, B]`, nats; -inf is a weight of zero.
  Reference: Kong (1992), A note on importance sampling using standardized
    weights.
  """
  weights = tf.nn.softmax(bounds.checked(log_w), axis=0)
  return 1 / tf.reduce_sum(weights**2, axis=0)
