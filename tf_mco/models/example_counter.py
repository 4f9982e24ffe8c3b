"""A count of examples, from which the batches of a pass get their seeds."""

from __future__ import annotations

import tensorflow as tf


class ExampleCounter:
  """Counts the examples of one pass over data, inside compiled steps.

  Keras does not see the variable, because it is no part of the state of a
  model: files and checkpoints do without it.
  """

  def __init__(self) -> None:
    self._count: tf.Variable | None = None

  def reset(self) -> None:
    """Starts a new pass; to be called before the steps are compiled."""
    if self._count is None:
      self._count = tf.Variable(
        tf.zeros([], tf.int64),
        trainable=False,
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
      )
    self._count.assign(0)

  def advance(self, num: tf.Tensor) -> tf.Tensor:
    """Returns the number of examples before, and adds `num` to it."""
    if self._count is None:
      raise RuntimeError('`reset` must be called before `advance`.')
    before = tf.identity(self._count)
    self._count.assign_add(tf.cast(num, tf.int64))
    return before
