"""Rejection sampling of a whole tensor, with the same numbers on any backend.

Every round proposes a value for every element, and an element keeps the first
proposal that was accepted. The number of rounds depends on the slowest
element, but the numbers of a round depend on the seed and on the index of the
round alone, so that an element does not depend on how long its neighbours
took, and a draw is the same with jit and without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from tf_mco import random
from tf_mco import types

# Maps the two random tensors of a round and the parameters to proposals, and to
# a boolean tensor that says which of them are refused.
_Propose: TypeAlias = Callable[..., tuple[tf.Tensor, tf.Tensor]]
# Maps two tensors to two: seeds to numbers, or numbers to numbers.
_Pairs: TypeAlias = Callable[
  [tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]
]


def first_accepted(
  propose: _Propose,
  draw_numbers: _Pairs,
  *,
  parameters: Sequence[tf.Tensor],
  pending: float,
  max_rounds: int,
  seed: types.Seed,
  prepare: _Pairs = lambda *numbers: numbers,
  compact: bool = False,
) -> tf.Tensor:
  """Returns the first accepted proposal of each element.

  Args:
    propose: maps the two random tensors of a round and the parameters to
      proposals and to a boolean tensor that says which of them are refused.
      Refusal, rather than acceptance, must be the result of a comparison: a
      comparison with NaN is false, so that an element with a NaN parameter ends
      as NaN instead of keeping the loop running.
    draw_numbers: maps two seeds to the two random tensors of a round, both of
      the shape of the parameters.
    parameters: tensors of the shape and dtype of the result.
    pending: a value that no proposal takes. It marks the elements that still
      wait, so that the state of the loop is one tensor, which XLA computes
      once, rather than a tensor and a mask.
    max_rounds: the limit of the loop. Choose a limit that no draw reaches.
    seed: an integer or an int32 `[2]` tensor.
    prepare: maps the two random tensors to those that `propose` takes. What is
      expensive to compute from random numbers alone belongs here, because a
      compact round does it for the elements that still wait, and for no others.
    compact: whether the rounds after the first compute the elements that still
      wait, and no others. The parameters must have one axis then. The samples
      are the same. XLA would pay for it, because the number of the elements is
      not known when it compiles.
  """
  waiting = tf.constant(pending, parameters[0].dtype)

  def numbers(index: tf.Tensor) -> list[tf.Tensor]:
    first_seed, second_seed = random.split(random.fold_in(seed, index), 2)
    return [
      tf.ensure_shape(part, parameters[0].shape)
      for part in draw_numbers(first_seed, second_seed)
    ]

  def marked(*tensors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    proposed, refused = propose(*tensors)
    return tf.where(refused, waiting, proposed), refused

  if compact:
    return _first_accepted_compact(
      lambda first, second, *others: marked(*prepare(first, second), *others),
      numbers,
      parameters,
      max_rounds,
    )

  # The numbers of a round are drawn in the round before and carried in the
  # state of the loop, because XLA would otherwise fuse the generator into each
  # of their uses and draw them again for each.
  def play_round(
    index: tf.Tensor, values: tf.Tensor, first: tf.Tensor, second: tf.Tensor
  ) -> list[tf.Tensor]:
    proposed, _ = marked(first, second, *parameters)
    values = tf.where(tf.equal(values, waiting), proposed, values)
    return [index + 1, values, *prepare(*numbers(index + 1))]

  start = tf.constant(0)
  return tf.while_loop(
    lambda index, values, *_: tf.reduce_any(tf.equal(values, waiting)),
    play_round,
    [start, tf.zeros_like(parameters[0]) + waiting, *prepare(*numbers(start))],
    maximum_iterations=max_rounds,
  )[1]


def _first_accepted_compact(
  propose: _Propose,
  numbers: Callable[[tf.Tensor], list[tf.Tensor]],
  parameters: Sequence[tf.Tensor],
  max_rounds: int,
) -> tf.Tensor:
  """Returns what `first_accepted` does, from `[N]` parameters."""
  start = tf.constant(0)
  values, refused = propose(*numbers(start), *parameters)

  def play_round(
    index: tf.Tensor, values: tf.Tensor, waiting: tf.Tensor
  ) -> list[tf.Tensor]:
    tensors = [*numbers(index), *parameters]
    proposed, refused = propose(*(tf.gather(t, waiting) for t in tensors))
    values = tf.tensor_scatter_nd_update(
      values, waiting[:, tf.newaxis], proposed
    )
    return [index + 1, values, tf.boolean_mask(waiting, refused)]

  return tf.while_loop(
    lambda index, values, waiting: tf.size(waiting) > 0,
    play_round,
    [start + 1, values, tf.where(refused)[:, 0]],
    shape_invariants=[start.shape, values.shape, tf.TensorShape([None])],
    parallel_iterations=1,
    maximum_iterations=max_rounds - 1,
  )[1]
