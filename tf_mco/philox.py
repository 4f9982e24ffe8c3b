"""The words of philox, as XLA computes them fast on a CPU.

XLA expands its own generator into a loop over single words, which repeats all
rounds for each of the four words of a block and does not use vector
instructions. The functions here make the same words from operations on whole
vectors. A compiled step draws its random words in a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import control_flow_util

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (np.uint32(0x9E3779B9), np.uint32(0xBB67AE85))
_ROUNDS = 10
# The vectors are stored after every second round. XLA would repeat
# the operations of all earlier rounds for each of the four vectors otherwise.
_STORED = 2


# The key and the counter of a seed are the words of a block, whose key is this
# constant of TensorFlow.
_SCRAMBLING_KEY = 0x02461E293EC8F720


def is_faster() -> bool:
  """Returns whether `words` beats TensorFlow's own operation here.

  It does in a function that XLA compiles for a CPU. Both have the same words,
  so that a wrong answer costs time only.
  """
  return is_compiled() and not tf.config.list_logical_devices('GPU')


def is_compiled() -> bool:
  """Returns whether this is a trace of a function that XLA compiles.

  A function that was traced outside of it and is called within is not found
  out, so that a wrong answer must not cost more than time.
  """
  graph = tf.compat.v1.get_default_graph()
  compiled: bool = control_flow_util.GraphOrParentsInXlaContext(graph)
  return compiled


def bits(
  shape: Sequence[int] | tf.TensorShape | tf.Tensor,
  *,
  dtype: tf.DType,
  seed: tf.Tensor,
) -> tf.Tensor:
  """Returns what `tf.random.stateless_uniform` does with `alg='philox'`.

  Args:
    shape: of the result.
    dtype: int32 or int64. All bits of each integer are random.
    seed: an int32 `[2]` tensor.
  """
  scrambling = tf.constant(_SCRAMBLING_KEY, tf.uint64)
  mixed = words(4, key=scrambling, counter=tf.cast(seed, tf.uint64))
  key, upper = tf.unstack(tf.bitcast(tf.reshape(mixed, [2, 2]), tf.uint64))
  counter = tf.stack([tf.zeros_like(upper), upper])

  # A list may hold tensors.
  shape = tf.convert_to_tensor(shape, tf.int32)
  words_each = dtype.size // 4
  drawn = words(words_each * _size(shape), key=key, counter=counter)
  if words_each > 1:
    drawn = tf.reshape(drawn, [-1, words_each])
  return tf.reshape(tf.bitcast(drawn, dtype), shape)


def words(
  size: int | tf.Tensor, *, key: tf.Tensor, counter: tf.Tensor
) -> tf.Tensor:
  """Returns the first words of philox, uint32 `[size]`.

  Args:
    size: the number of words.
    key: uint64 `[]`.
    counter: uint64 `[2]`, the counter of the first block of four words, with
      the lower half first.
  Reference: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2,
    3".
  """
  blocks = tf.stack(_blocks(key, counter, (size + 3) // 4), axis=1)
  return tf.reshape(blocks, [-1])[:size]


def _size(shape: tf.Tensor) -> int | tf.Tensor:
  """Returns the number of elements, an integer if the shape is static."""
  static = tf.get_static_value(shape)
  return tf.reduce_prod(shape) if static is None else int(np.prod(static))


def _blocks(
  key: tf.Tensor, counter: tf.Tensor, num: int | tf.Tensor
) -> tuple[tf.Tensor, ...]:
  """Returns the four words of each block, four uint32 tensors `[num]`.

  Args:
    key: uint64 `[]`.
    counter: uint64 `[2]`, that of the first block, with the lower half first.
    num: the number of blocks.
  """
  low = counter[0] + tf.cast(tf.range(num), tf.uint64)
  high = counter[1] + tf.cast(low < counter[0], tf.uint64)
  state = (*_halves(low), *_halves(high), *_halves(key))

  def rounds(done: tf.Tensor, *state: tf.Tensor) -> tuple[tf.Tensor, ...]:
    for _ in range(_STORED):
      state = _round(*state)
    return (done + _STORED, *state)

  _, *words, _, _ = tf.while_loop(
    lambda done, *_: done < _ROUNDS, rounds, (tf.constant(0), *state)
  )
  return tuple(words)


def _round(
  word0: tf.Tensor,
  word1: tf.Tensor,
  word2: tf.Tensor,
  word3: tf.Tensor,
  key0: tf.Tensor,
  key1: tf.Tensor,
) -> tuple[tf.Tensor, ...]:
  """Returns words and key after one round."""
  low0, high0 = _product(word0, _MULTIPLIERS[0])
  low1, high1 = _product(word2, _MULTIPLIERS[1])
  return (
    high1 ^ word1 ^ key0,
    low1,
    high0 ^ word3 ^ key1,
    low0,
    key0 + _KEY_STEPS[0],
    key1 + _KEY_STEPS[1],
  )


def _product(word: tf.Tensor, multiplier: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the lower and the upper half of a product of 64 bits."""
  return _halves(tf.cast(word, tf.uint64) * tf.constant(multiplier, tf.uint64))


def _halves(word: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the lower and the upper half of uint64 words, in uint32."""
  upper = tf.bitwise.right_shift(word, tf.constant(32, tf.uint64))
  return tf.cast(word, tf.uint32), tf.cast(upper, tf.uint32)
