"""Rejection sampling of a whole tensor, with the same numbers on any backend.

Every round proposes a value for every element, and an element keeps the first
proposal that was accepted. The number of rounds depends on the slowest
element, but the numbers of a round depend on the seed and on the index of the
round alone, so that an element does not depend on how long its neighbours
took, and a draw is the same with jit and without.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco import random
from tf_mco import types


def first_accepted(
  propose: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
  draw_numbers: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
  *,
  like: tf.Tensor,
  pending: float,
  max_rounds: int,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns the first accepted proposal of each element.

  Args:
    propose: maps the two random tensors of a round to proposals and to a
      boolean tensor that says which of them are refused. Refusal, rather than
      acceptance, must be the result of a comparison: a comparison with NaN is
      false, so that an element with a NaN parameter ends as NaN instead of
      keeping the loop running.
    draw_numbers: maps two seeds to the two random tensors of a round, both of
      the shape of `like`.
    like: a tensor of the shape and dtype of the result.
    pending: a value that no proposal takes. It marks the elements that still
      wait, so that the state of the loop is one tensor, which XLA computes
      once, rather than a tensor and a mask.
    max_rounds: the limit of the loop. Choose a limit that no draw reaches.
    seed: an integer or an int32 `[2]` tensor.
  """
  waiting = tf.constant(pending, like.dtype)

  def numbers(index: tf.Tensor) -> list[tf.Tensor]:
    first_seed, second_seed = random.split(random.fold_in(seed, index), 2)
    return [
      tf.ensure_shape(part, like.shape)
      for part in draw_numbers(first_seed, second_seed)
    ]

  # The numbers of a round are drawn in the round before and carried in the
  # state of the loop, because XLA would otherwise fuse the generator into each
  # of their uses and draw them again for each.
  def play_round(
    index: tf.Tensor, values: tf.Tensor, first: tf.Tensor, second: tf.Tensor
  ) -> list[tf.Tensor]:
    proposed, refused = propose(first, second)
    proposed = tf.where(refused, waiting, proposed)
    values = tf.where(tf.equal(values, waiting), proposed, values)
    return [index + 1, values, *numbers(index + 1)]

  start = tf.constant(0)
  return tf.while_loop(
    lambda index, values, *_: tf.reduce_any(tf.equal(values, waiting)),
    play_round,
    [start, tf.zeros_like(like) + waiting, *numbers(start)],
    maximum_iterations=max_rounds,
  )[1]
