"""Mean and variance of many draws.

A compiled loop updates mean and squared deviations draw by draw (Welford), in
the dtype of the draws. The results of several loops are merged in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
import functools
from typing import NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.ops import checks

# A longer recursion in float32 would lose digits.
_MOST_PER_BATCH = 10_000

# Maps a seed, int32 `[2]`, to tensors.
DrawFn: TypeAlias = Callable[[tf.Tensor], Sequence[tf.Tensor]]


class Moments(NamedTuple):
  """The moments of several draws of several arrays.

  Attributes:
    num_draws: The number of draws.
    means: The mean of each array, float64.
    squares: The sum over the draws of the squared deviations from the mean, for
      each array, float64.
  """

  num_draws: int
  means: tuple[np.ndarray, ...]
  squares: tuple[np.ndarray, ...]

  def variances(self) -> tuple[np.ndarray, ...]:
    """Returns the unbiased estimate of each variance."""
    return tuple(squares / (self.num_draws - 1) for squares in self.squares)


class Sampler:
  """Draws tensors in a loop that is compiled once, for any seed and count."""

  def __init__(
    self,
    draw: DrawFn,
    like: Sequence[tf.TensorSpec],
    *,
    jit_compile: bool,
  ):
    """Makes the sampler.

    Args:
      draw: Maps a seed, int32 `[2]`, to tensors.
      like: The shapes and dtypes of the tensors.
      jit_compile: Whether XLA compiles the loop.
    """
    self._draw = draw
    self._like = list(like)
    self._run = tf.function(
      self._loop, jit_compile=jit_compile, autograph=False
    )

  def __call__(self, seed: tf.Tensor, start: int, count: int) -> Moments:
    """Returns the moments of the draws `start` to `start + count - 1`."""
    means, squares = self._run(seed, tf.constant(start), tf.constant(count))
    return Moments(count, _float64(means), _float64(squares))

  def _loop(
    self, seed: tf.Tensor, start: tf.Tensor, count: tf.Tensor
  ) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    def body(index: tf.Tensor, means: list, squares: list) -> tuple:
      values = self._draw(random.fold_in(seed, start + index))
      new_means, new_squares = [], []
      for value, mean, square in zip(values, means, squares, strict=True):
        # The deviation from the old mean times that from the new one keeps the
        # sum of squares exact, without a difference of large numbers.
        deviation = value - mean
        mean += deviation / tf.cast(index + 1, value.dtype)
        new_means.append(mean)
        new_squares.append(square + deviation * (value - mean))
      return index + 1, new_means, new_squares

    zeros = [tf.zeros(spec.shape, spec.dtype) for spec in self._like]
    _, means, squares = tf.while_loop(
      lambda index, means, squares: index < count,
      body,
      (tf.constant(0), zeros, list(zeros)),
    )
    return means, squares


def _float64(tensors: Iterable[tf.Tensor]) -> tuple[np.ndarray, ...]:
  return tuple(np.asarray(tensor, np.float64) for tensor in tensors)


def batches(
  sampler: Sampler, num_draws: int, num_batches: int = 20, *, seed: types.Seed
) -> Iterator[Moments]:
  """Yields the moments of consecutive batches of draws, of about equal size.

  Draw i comes from (seed, i), however the draws are split.

  Args:
    sampler: The sampler of the draws.
    num_draws: The number of draws of all batches together, at least two for
      each batch.
    num_batches: The number of batches. There are more if batches would be too
      long.
    seed: An integer or an int32 `[2]` tensor.
  """
  num_batches = checks.at_least('num_batches', num_batches, 2)
  num_draws = checks.at_least(
    'num_draws', num_draws, 2 * num_batches, 'two per batch'
  )
  seed = random.as_seed(seed)
  num_batches = max(num_batches, -(-num_draws // _MOST_PER_BATCH))
  edges = [i * num_draws // num_batches for i in range(num_batches + 1)]
  for start, end in zip(edges[:-1], edges[1:], strict=True):
    yield sampler(seed, start, end - start)


def merge(parts: Iterable[Moments]) -> Moments:
  """Returns the moments of the draws of all parts together.

  Two parts with n and m draws, whose means differ by a gap d, have together the
  squares S1 + S2 + d^2 n m / (n + m).

  Reference: Chan, Golub and LeVeque (1979), Updating formulae and a pairwise
    algorithm for computing sample variances, equation 2.1.
  """
  return functools.reduce(_merge_two, parts)


def _merge_two(first: Moments, second: Moments) -> Moments:
  num_draws = first.num_draws + second.num_draws
  weight = second.num_draws / num_draws
  means, squares = [], []
  for mean, other, square, other_square in zip(
    first.means, second.means, first.squares, second.squares, strict=True
  ):
    gap = other - mean
    means.append(mean + gap * weight)
    squares.append(square + other_square + gap**2 * first.num_draws * weight)
  return Moments(num_draws, tuple(means), tuple(squares))
