"""The order in which training visits the examples of an array."""

from __future__ import annotations

import math
from typing import NamedTuple

import tensorflow as tf

from tf_mco import random
from tf_mco import types

# tf.random.experimental.index_shuffle stops after 4 rounds of its cipher, when
# successive orders of 50,000 examples correlate at 0.67. After 12 rounds they
# cannot be told from random orders. The raw op also takes a seed per element,
# which the function does not.
_ROUNDS = 12


class Order(NamedTuple):
  """Says which examples a step takes, as a function of the step.

  A run that is taken up again sees the batches that an uninterrupted run sees,
  because the order is a function of the seed and of the steps so far.

  Without `steps_per_epoch`, an epoch passes all N examples once. The last of
  its batches has what is left over. With `steps_per_epoch`, examples are
  numbered through all passes, and step t of the model takes the examples from
  number `t * batch_size` on. All batches then have one size, and a batch may
  cross the border of two passes.

  Attributes:
    num_examples: N.
    batch_size: examples per batch.
    shuffle: whether each pass is another permutation. Otherwise the examples
      keep the order of the array.
    seed: chooses the permutations.
    steps_per_epoch: see above.
  """

  num_examples: int
  batch_size: int
  shuffle: bool
  seed: types.Seed
  steps_per_epoch: int | None

  @property
  def steps(self) -> int:
    """The number of steps of an epoch."""
    whole_pass = math.ceil(self.num_examples / self.batch_size)
    return self.steps_per_epoch or whole_pass

  @property
  def full_steps(self) -> int:
    """The number of steps of an epoch whose batches are full."""
    whole_pass = self.num_examples // self.batch_size
    return self.steps_per_epoch or whole_pass

  @property
  def rest(self) -> int:
    """The size of the last batch of an epoch, or 0 if this batch is full."""
    if self.steps_per_epoch:
      return 0
    return self.num_examples % self.batch_size

  def examples(self, first_step: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Returns the indices of the examples of full batches.

    Args:
      first_step: int64 `[]`, the steps of the model before the present epoch.
      step: int64 `[n]`, steps of the epoch, counted from 0. Steps behind the
        last full one get indices too, which are to be ignored.
    Returns:
      int64 `[n, batch_size]`.
    """
    if self.steps_per_epoch:
      step += first_step
    number = step[:, tf.newaxis] * self.batch_size
    number += tf.range(self.batch_size, dtype=tf.int64)
    turn = number // self.num_examples
    if not self.steps_per_epoch:
      turn = tf.fill(tf.shape(number), first_step)
    return self._permuted(number % self.num_examples, turn)

  def rest_examples(self, first_step: tf.Tensor) -> tf.Tensor:
    """Returns the indices of the last batch of an epoch, int64 `[rest]`."""
    if not self.rest:  # The shuffle takes no empty vector.
      return tf.zeros([0], tf.int64)
    start = self.num_examples - self.rest
    place = tf.range(start, self.num_examples, dtype=tf.int64)
    return self._permuted(place, tf.fill([self.rest], first_step))

  def _permuted(self, place: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    """Maps places in a pass to indices; each turn is another permutation."""
    if not self.shuffle:
      return place
    words = random.fold_in(self.seed, random.Salt.ORDER)
    low, high = tf.unstack(tf.cast(words, tf.int64))
    turn = tf.reshape(turn, [-1])
    one = tf.ones_like(turn)
    shuffled = tf.raw_ops.RandomIndexShuffle(
      index=tf.reshape(place, [-1]),
      seed=tf.stack([low * one, high * one, turn], axis=1),
      max_index=tf.constant(self.num_examples - 1, tf.int64),
      rounds=_ROUNDS,
    )
    return tf.reshape(shuffled, tf.shape(place))
