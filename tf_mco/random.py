"""The one door to random numbers: stateless, philox, derived from a seed.

TensorFlow chooses an algorithm by the device unless it is told one. Every call
here names philox, because the default algorithm is many times slower inside a
step that XLA compiles for a CPU, with the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
import enum
import math

import numpy as np
import tensorflow as tf

from tf_mco import philox
from tf_mco import types

_PHILOX = 'philox'
# The number of philox in TensorFlow's raw operations.
_PHILOX_ALGORITHM = 1
# The upper words of the counter that `fold_in` uses: "fold" in ASCII.
_FOLD = 0x666F6C64
# The key with which TensorFlow scrambles a seed.
_SCRAMBLE = 0x02461E293EC8F720
_INT64 = range(-(2**63), 2**63)


class Salt(enum.IntEnum):
  """The numbers that `fold_in` mixes into a seed, by purpose.

  Streams of random numbers that come from one seed must not share a number.
  The index of a step, a layer or a batch is folded in as it is and needs no
  name. Salts that stand beside the steps of a training run are therefore
  negative.

  The numbers must not change: they are part of every draw, and a run that is
  resumed must continue with the numbers that it would have had. Purposes that
  never meet on one seed have equal numbers, in which case Python makes the
  later name an alias of the first.
  """

  # Folded into the seed of one draw of an estimator or posterior.
  MOMENTUM = 1  # the first momentum of a Hamiltonian trajectory
  DEFENSIVE = 1  # the choice in a defensive mixture; alias of MOMENTUM

  # Folded into the seed of a model, which training folds its steps into.
  CALL = -1  # a call of a model outside of training
  EVALUATION = -2  # `evaluate`, before the count of examples
  ORDER = -3  # of the examples of an array, before the epoch

  # Folded into the seed of a diagnostic or of a study.
  BINARIZATION = -1  # of the batch of a comparison; alias of CALL
  MEASUREMENT = -1  # of a variance or a bound of a study; alias of CALL
  DESCENT = -2  # the steps of an optimizer of a study; alias of EVALUATION


def as_seed(seed: types.Seed) -> tf.Tensor:
  """Returns `seed` as an int32 `[2]` tensor.

  Args:
    seed: a Python or NumPy integer from -2^63 to 2^63 - 1, or an int32 `[2]`
      tensor. Different integers have different numbers.
  Raises:
    ValueError: for anything else. `None` is refused as well, because a draw
      without a seed could not be repeated. A larger integer is refused,
      because it would share its numbers with one that fits.
  Example:
    >>> from tf_mco import random
    >>> random.as_seed(7).numpy().tolist()
    [7, 0]
  """
  if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
    if int(seed) in _INT64:
      low, high = int(seed) & 0xFFFFFFFF, (int(seed) >> 32) & 0xFFFFFFFF
      words = np.array([low, high], np.uint32).astype(np.int32)
      return tf.constant(words)
  elif seed is not None and not isinstance(seed, (bool, float, str)):
    tensor = _converted(seed)
    if tensor is not None and (tensor.dtype, tensor.shape) == (tf.int32, (2,)):
      return tensor
  raise ValueError(
    '`seed` must be an integer from -2^63 to 2^63 - 1 or an int32 tensor of '
    f'shape [2]. Received: seed={seed!r}'
  )


def integer_seed(seed: int | np.integer) -> int:
  """Returns a seed that a configuration can hold, as Python's own integer.

  Args:
    seed: a Python or NumPy integer; see `as_seed`.
  Raises:
    ValueError: for anything else, such as a tensor.
  """
  whole = isinstance(seed, (int, np.integer)) and not isinstance(seed, bool)
  if whole and int(seed) in _INT64:
    return int(seed)
  raise ValueError(
    f'`seed` must be an integer from -2^63 to 2^63 - 1. Received: seed={seed!r}'
  )


def fold_in(seed: types.Seed, data: int | tf.Tensor) -> tf.Tensor:
  """Returns a new `[2]` seed, which is a function of `seed` and an integer.

  The new seed is the first half of a block of philox, whose key is `seed` and
  whose counter is `data`. All 64 bits of both matter.

  Args:
    seed: an integer or an int32 `[2]` tensor.
    data: an integer from -2^63 to 2^63 - 1 or an integer tensor of shape [],
      such as a step or a `Salt`.
  Raises:
    ValueError: if `seed` is no seed, or if `data` is no integer or does not fit
      into 64 bits.
  Example:
    The same step of the same run has the same seed, and another step has
    another one.

    >>> from tf_mco import random
    >>> first, again, other = (random.fold_in(7, step) for step in (0, 0, 1))
    >>> bool((first == again).numpy().all())
    True
    >>> bool((first == other).numpy().all())
    False

  Reference: Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2,
    3".
  """
  key = tf.bitcast(as_seed(seed), tf.uint64)
  # The draws of a seed, and the seeds that `split` makes, come from a scrambled
  # key and counter. The constant keeps this counter apart from theirs.
  counter = tf.stack([_word(data), tf.constant(_FOLD, tf.uint64)])
  if philox.is_faster():
    return tf.bitcast(philox.words(2, key=key, counter=counter), tf.int32)
  return tf.raw_ops.StatelessRandomUniformFullIntV2(
    shape=[2],
    key=tf.reshape(key, [1]),
    counter=counter,
    alg=_PHILOX_ALGORITHM,
    dtype=tf.int32,
  )


def split(seed: types.Seed, num: int) -> list[tf.Tensor]:
  """Returns `num` independent `[2]` seeds.

  Args:
    seed: an integer or an int32 `[2]` tensor. Do not use the seed again once
      it is split.
    num: how many seeds to return.
  Raises:
    ValueError: if `seed` is no seed, or `num` no positive integer.
  Example:
    >>> from tf_mco import random
    >>> sample_seed, noise_seed = random.split(7, 2)
    >>> sample_seed.shape
    TensorShape([2])
  """
  whole = isinstance(num, (int, np.integer)) and not isinstance(num, bool)
  if not whole or num < 1:
    raise ValueError(
      f'`num` must be an integer of at least 1. Received: num={num!r}'
    )
  return tf.unstack(bits([num, 2], seed=seed), num)


def bits(
  shape: Sequence[int] | tf.Tensor,
  *,
  dtype: tf.DType = tf.int32,
  seed: types.Seed,
  start: tf.Tensor | None = None,
) -> tf.Tensor:
  """Returns integers, int32 or int64, all of whose bits are random.

  Args:
    shape: of the result.
    dtype: int32 or int64.
    seed: an integer or an int32 `[2]` tensor.
    start: the index of the first number, an integer tensor of shape [], a
      multiple of 4. The numbers are then a part of the draw that starts at 0,
      so that a long draw can be made in pieces. The default is 0.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import random
    >>> whole = random.bits([100], seed=7)
    >>> piece = random.bits([8], seed=7, start=tf.constant(40))
    >>> bool(tf.reduce_all(piece == whole[40:48]))
    True
  """
  seed = as_seed(seed)
  if start is None and philox.is_faster():
    return philox.bits(shape, dtype=dtype, seed=seed)
  if start is None:
    return tf.random.stateless_uniform(
      shape,
      seed,
      minval=None,
      maxval=None,
      dtype=dtype,
      alg=_PHILOX,
    )
  key, counter = _scrambled(seed)
  return tf.raw_ops.StatelessRandomUniformFullIntV2(
    shape=shape,
    key=key,
    counter=_advanced(counter, tf.cast(start, tf.int64) * dtype.size // 16),
    alg=_PHILOX_ALGORITHM,
    dtype=dtype,
  )


def uniform(
  shape: Sequence[int] | tf.Tensor,
  *,
  dtype: tf.DType,
  seed: types.Seed,
  start: tf.Tensor | None = None,
) -> tf.Tensor:
  """Returns uniform numbers in [0, 1), multiples of 2^-23 (2^-52 in float64).

  The numbers are made from random bits here, because TensorFlow's kernels make
  other numbers from the same bits than XLA does. A step has the same draw with
  jit and without.

  Args:
    shape: of the result.
    dtype: float32 or float64.
    seed: an integer or an int32 `[2]` tensor.
    start: the index of the first number; see `bits`.
  Raises:
    ValueError: for another dtype. Half precision would round some numbers to 1.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import random
    >>> u = random.uniform([1000, 2], dtype=tf.float32, seed=7)
    >>> u.shape, u.dtype
    (TensorShape([1000, 2]), tf.float32)
    >>> bool(tf.reduce_all((u >= 0) & (u < 1)).numpy())
    True
  """
  numbers, digits = _fractions(shape, dtype, seed, start)
  return tf.cast(numbers, dtype) * 2.0**-digits


def words(
  shape: Sequence[int] | tf.Tensor, *, dtype: tf.DType, seed: types.Seed
) -> tf.Tensor:
  """Returns uniform integers w, -2^30 <= w < 2^30 (2^62 in float64).

  The fraction `(w + 2^30) / 2^31` is the number that `uniform` returns for the
  same seed, with 8 more bits (11 more in float64). A comparison of `w` with an
  integer is true with any probability that is a multiple of 2^-31 (2^-63), from
  0 to 1, and takes fewer operations than a comparison of floating numbers.

  Args:
    shape: of the result.
    dtype: float32 for int32 words, float64 for int64 words.
    seed: an integer or an int32 `[2]` tensor.
  Raises:
    ValueError: for another dtype, as in `uniform`.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import random
    >>> w = random.words([1000], dtype=tf.float32, seed=7)
    >>> u = random.uniform([1000], dtype=tf.float32, seed=7)
    >>> bool(tf.reduce_all((w < 0) == (u < 0.5)))
    True
  """
  kind, _ = _integers(dtype)
  drawn = bits(shape, dtype=kind, seed=seed)
  one = tf.constant(1, kind)
  # `uniform` reads the bits without a sign. The first bit is flipped, so that
  # signed integers have the same order.
  flipped = tf.bitwise.bitwise_xor(drawn, tf.constant(kind.min, kind))
  return tf.bitwise.right_shift(flipped, one)


def open_uniform(
  shape: Sequence[int] | tf.Tensor,
  *,
  dtype: tf.DType,
  seed: types.Seed,
  start: tf.Tensor | None = None,
) -> tf.Tensor:
  """Returns uniform numbers in (0, 1), whose logarithm is finite.

  The arguments are those of `uniform`, and so are the numbers, moved from the
  lower end to the middle of their intervals.
  """
  return opened(uniform(shape, dtype=dtype, seed=seed, start=start))


def opened(u: tf.Tensor) -> tf.Tensor:
  """Returns the numbers of `open_uniform` from those of `uniform`."""
  return u + (2.0**-53 if u.dtype == tf.float64 else 2.0**-24)


def normal(
  shape: Sequence[int] | tf.Tensor,
  *,
  dtype: tf.DType,
  seed: types.Seed,
  start: tf.Tensor | None = None,
) -> tf.Tensor:
  """Returns standard normal numbers, by inversion of the normal CDF.

  The numbers are at most 5.3 in magnitude in float32 (8.2 in float64). A normal
  number exceeds 5.3 once in 1e7 draws.

  Args:
    shape: of the result.
    dtype: float32 or float64.
    seed: an integer or an int32 `[2]` tensor.
    start: the index of the first number; see `bits`.
  Raises:
    ValueError: for another dtype.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import random
    >>> noise = random.normal([100_000], dtype=tf.float32, seed=7)
    >>> bool(abs(tf.reduce_mean(noise)) < 0.02)
    True
  """
  numbers, digits = _fractions(shape, dtype, seed, start)
  # The middle of each interval of [-1, 1), which is exact in floating point
  # and never an end, where the inverse is infinite.
  odd = 2 * numbers + 1 - 2**digits
  symmetric = tf.cast(odd, dtype) * 2.0**-digits
  return math.sqrt(2) * tf.math.erfinv(symmetric)


def normal_of(u: tf.Tensor) -> tf.Tensor:
  """Returns the numbers of `normal` from those of `uniform`."""
  _, digits = _integers(u.dtype)
  # Exact, because u is a multiple of 2^-digits.
  return math.sqrt(2) * tf.math.erfinv(2 * u - 1 + 2.0**-digits)


def uniform_like(
  tensor: tf.Tensor,
  sample_shape: Sequence[int | tf.Tensor],
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns `uniform` numbers of shape `sample_shape + tensor.shape`.

  The numbers have the dtype of `tensor`.
  """
  shape, static = _full_shape(tensor, sample_shape)
  numbers = uniform(shape, dtype=tensor.dtype, seed=seed)
  return tf.ensure_shape(numbers, static)


def words_like(
  tensor: tf.Tensor,
  sample_shape: Sequence[int | tf.Tensor],
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns `words` of shape `sample_shape + tensor.shape`.

  The words are int32 for a float32 `tensor`, and int64 for float64.
  """
  shape, static = _full_shape(tensor, sample_shape)
  return tf.ensure_shape(words(shape, dtype=tensor.dtype, seed=seed), static)


def normal_like(
  tensor: tf.Tensor,
  sample_shape: Sequence[int | tf.Tensor],
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns `normal` numbers of shape `sample_shape + tensor.shape`.

  The numbers have the dtype of `tensor`.
  """
  shape, static = _full_shape(tensor, sample_shape)
  numbers = normal(shape, dtype=tensor.dtype, seed=seed)
  return tf.ensure_shape(numbers, static)


def _converted(value: object) -> tf.Tensor | None:
  """Returns `value` as a tensor, or None if TensorFlow cannot convert it."""
  try:
    return tf.convert_to_tensor(value)
  except (TypeError, ValueError, OverflowError):
    return None


def _word(data: object) -> tf.Tensor:
  """Returns an integer as a uint64 tensor of shape []; negative ones wrap."""
  if isinstance(data, (int, np.integer)) and not isinstance(data, bool):
    if int(data) in _INT64:
      return tf.constant(int(data) % 2**64, tf.uint64)
  elif data is not None and not isinstance(data, (bool, float, str)):
    tensor = _converted(data)
    if (
      tensor is not None
      and tensor.dtype.is_integer
      and tensor.dtype != tf.uint64
      and tensor.shape.is_compatible_with([])
    ):
      return tf.bitcast(tf.cast(tensor, tf.int64), tf.uint64)
  raise ValueError(
    '`data` must be an integer from -2^63 to 2^63 - 1, or a tensor of such an '
    f'integer of shape []. Received: data={data!r}'
  )


def _scrambled(seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the key and the counter of `tf.random` for a seed.

  `StatelessRandomGetKeyCounter` returns other numbers for a negative seed under
  XLA than without.
  """
  words = tf.raw_ops.StatelessRandomUniformFullIntV2(
    shape=[4],
    key=tf.constant([_SCRAMBLE], tf.uint64),
    counter=tf.bitcast(tf.cast(seed, tf.int64), tf.uint64),
    alg=_PHILOX_ALGORITHM,
    dtype=tf.int32,
  )
  key = tf.bitcast(words[:2], tf.uint64)
  low = tf.zeros([], tf.uint64)
  counter = tf.stack([low, tf.bitcast(words[2:], tf.uint64)])
  return tf.reshape(key, [1]), counter


def _advanced(counter: tf.Tensor, blocks: tf.Tensor) -> tf.Tensor:
  """Returns a counter of philox, uint64 `[2]`, moved by int64 blocks."""
  low = counter[0] + tf.bitcast(blocks, tf.uint64)
  carry = tf.cast(low < counter[0], tf.uint64)
  return tf.stack([low, counter[1] + carry])


def _fractions(
  shape: Sequence[int] | tf.Tensor,
  dtype: tf.DType,
  seed: types.Seed,
  start: tf.Tensor | None,
) -> tuple[tf.Tensor, int]:
  """Returns random non-negative integers and the number of their bits."""
  kind, digits = _integers(dtype)
  drawn = bits(shape, dtype=kind, seed=seed, start=start)
  # The shift of a negative integer fills with ones, which the mask removes.
  shift = kind.size * 8 - digits
  high = tf.bitwise.right_shift(drawn, tf.constant(shift, kind))
  return tf.bitwise.bitwise_and(high, tf.constant(2**digits - 1, kind)), digits


def _integers(dtype: tf.DType) -> tuple[tf.DType, int]:
  """Returns the integers that a floating dtype is drawn from, and its bits."""
  if dtype not in (tf.float32, tf.float64):
    raise ValueError(
      'Random numbers are float32 or float64: half precision would round them '
      f'to 1. Received: dtype={dtype}'
    )
  return (tf.int64, 52) if dtype == tf.float64 else (tf.int32, 23)


def _full_shape(
  tensor: tf.Tensor, sample_shape: Sequence[int | tf.Tensor]
) -> tuple[tf.TensorShape | tf.Tensor, tf.TensorShape]:
  """Returns `sample_shape + tensor.shape` to draw with, and what is static."""
  known = [None if tf.is_tensor(size) else size for size in sample_shape]
  static = tf.TensorShape(known).concatenate(tensor.shape)
  if static.is_fully_defined():
    return static, static
  sizes = [tf.reshape(tf.cast(size, tf.int32), [1]) for size in sample_shape]
  return tf.concat([*sizes, tf.shape(tensor)], 0), static
