"""The one door to random numbers: stateless, philox, derived from a seed.

Philox is named everywhere because the default algorithm is many times slower
inside a step compiled by XLA on a CPU, with the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import math
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd

_PHILOX = 'philox'


def as_seed(seed: types.Seed) -> tf.Tensor:
  """Returns `seed` as an int32 `[2]` tensor.

  Args:
    seed: a Python or NumPy integer, or an int32 `[2]` tensor.
  Raises:
    ValueError: for anything else, `None` included: a draw without a seed
      could not be repeated.
  """
  if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
    low = int(seed) & 0xFFFFFFFF
    high = (int(seed) >> 32) & 0xFFFFFFFF
    words = np.array([low, high], np.uint32).astype(np.int32)
    return tf.constant(words)
  if seed is not None and not isinstance(seed, (bool, float, str)):
    tensor = tf.convert_to_tensor(seed)
    if tensor.dtype == tf.int32 and tensor.shape == (2,):
      return tensor
  raise ValueError(
    '`seed` must be an integer or an int32 tensor of shape [2]. '
    f'Received: seed={seed!r}'
  )


def fold_in(seed: types.Seed, data: int | tf.Tensor) -> tf.Tensor:
  """Returns a new `[2]` seed from `seed` and an integer, say the step."""
  # TensorFlow returns the dtype of `data`; a seed is int32.
  return tf.random.experimental.stateless_fold_in(
    as_seed(seed), tf.cast(data, tf.int32), alg=_PHILOX
  )


def split(seed: types.Seed, num: int) -> list[tf.Tensor]:
  """Returns `num` independent `[2]` seeds."""
  seeds = tf.random.experimental.stateless_split(
    as_seed(seed), num, alg=_PHILOX
  )
  return tf.unstack(seeds, num)


def bits(
  shape: Sequence[int] | tf.Tensor,
  *,
  dtype: tf.DType = tf.int32,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns integers, int32 or int64, all of whose bits are random."""
  return tf.random.stateless_uniform(
    shape,
    as_seed(seed),
    minval=None,
    maxval=None,
    dtype=dtype,
    alg=_PHILOX,
  )


def uniform(
  shape: Sequence[int] | tf.Tensor, *, dtype: tf.DType, seed: types.Seed
) -> tf.Tensor:
  """Returns uniform numbers in [0, 1), multiples of 2^-23 (2^-52 in float64).

  Made from the bits, because TensorFlow's kernels make other numbers from the
  same bits than XLA does: a step gives the same draw with jit and without.
  """
  numbers, digits = _fractions(shape, dtype, seed)
  return tf.cast(numbers, dtype) * 2.0**-digits


def normal(
  shape: Sequence[int] | tf.Tensor, *, dtype: tf.DType, seed: types.Seed
) -> tf.Tensor:
  """Returns standard normal numbers, by inversion.

  At most 5.3 in magnitude in float32 (8.2 in float64), which a normal number
  exceeds once in 1e7 draws.
  """
  numbers, digits = _fractions(shape, dtype, seed)
  # The middle of each interval of [-1, 1), hence never an end; exact.
  odd = 2 * numbers + 1 - 2**digits
  symmetric = tf.cast(odd, dtype) * 2.0**-digits
  return math.sqrt(2) * tf.math.erfinv(symmetric)


def _fractions(
  shape: Sequence[int] | tf.Tensor, dtype: Any, seed: types.Seed
) -> tuple[tf.Tensor, int]:
  """Returns random integers and the number of their bits."""
  if dtype not in (tf.float32, tf.float64):
    raise ValueError(
      'Random numbers are float32 or float64: half precision would round them '
      f'to 1. Received: dtype={dtype}'
    )
  kind, digits = (tf.int64, 52) if dtype == tf.float64 else (tf.int32, 23)
  words = bits(shape, dtype=kind, seed=seed)
  shift = kind.size * 8 - digits
  high = tf.bitwise.right_shift(words, tf.constant(shift, kind))
  return tf.bitwise.bitwise_and(high, tf.constant(2**digits - 1, kind)), digits


def sample(
  distribution: tfd.Distribution,
  sample_shape: Sequence[int | tf.Tensor],
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Draws from a TFP distribution, with philox where it is known how.

  Args:
    distribution: any `tfd.Distribution`. Bernoulli, Normal and their
      `Independent` are drawn here; others by their own stateless sampler,
      right as well but slower under `jit_compile` on a CPU.
    sample_shape: sizes, integers or scalar tensors.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    Samples of shape `sample_shape + batch_shape + event_shape`. Binary
    samples are floating, whatever the distribution's dtype, so that a model
    can multiply them. Reparameterized where the distribution is.
  """
  inner = distribution
  while type(inner) is tfd.Independent:
    inner = inner.distribution
  sampler = _SAMPLERS.get(type(inner))
  if sampler is None:
    return distribution.sample(sample_shape, seed=as_seed(seed))
  return sampler(inner, list(sample_shape), seed)


def bernoulli_logits(distribution: tfd.Bernoulli) -> tf.Tensor:
  """Returns the logits of a Bernoulli given by logits or by probabilities.

  Where a probability has rounded to 0 or 1 they are its neighbour's: finite.
  """
  if distribution.logits is not None:
    return tf.convert_to_tensor(distribution.logits)
  probs = tf.convert_to_tensor(distribution.probs)
  rounding = np.finfo(probs.dtype.as_numpy_dtype).eps
  probs = tf.clip_by_value(probs, rounding**2, 1 - rounding)
  return tf.math.log(probs) - tf.math.log1p(-probs)


def uniform_like(
  tensor: tf.Tensor, sample_shape: Sequence[int], *, seed: types.Seed
) -> tf.Tensor:
  """Returns uniform numbers of shape `sample_shape + tensor.shape`."""
  shape, static = _full_shape(tensor, sample_shape)
  numbers = uniform(shape, dtype=tensor.dtype, seed=seed)
  return tf.ensure_shape(numbers, static)


def _full_shape(
  tensor: tf.Tensor, sample_shape: Sequence[int | tf.Tensor]
) -> tuple[Any, tf.TensorShape]:
  known = [None if tf.is_tensor(size) else size for size in sample_shape]
  static = tf.TensorShape(known).concatenate(tensor.shape)
  if static.is_fully_defined():
    return static, static
  sizes = [tf.reshape(tf.cast(size, tf.int32), [1]) for size in sample_shape]
  return tf.concat([*sizes, tf.shape(tensor)], 0), static


def _bernoulli(
  distribution: tfd.Bernoulli, sample_shape: list, seed: types.Seed
) -> tf.Tensor:
  logits = bernoulli_logits(distribution)
  u = uniform_like(logits, sample_shape, seed=seed)
  return tf.cast(u < tf.sigmoid(logits), logits.dtype)


def _normal(
  distribution: tfd.Normal, sample_shape: list, seed: types.Seed
) -> tf.Tensor:
  loc, scale = distribution.loc, distribution.scale
  batch = tf.zeros_like(loc) + tf.zeros_like(scale)
  shape, static = _full_shape(batch, sample_shape)
  noise = normal(shape, dtype=batch.dtype, seed=seed)
  return loc + scale * tf.ensure_shape(noise, static)


_SAMPLERS: dict[type, Callable[[Any, list, types.Seed], tf.Tensor]] = {
  tfd.Bernoulli: _bernoulli,
  tfd.Normal: _normal,
}
