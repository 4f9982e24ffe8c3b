"""The loop of rejection samplers, with proposals that are easy to follow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import random
from tf_mco.distributions.numerics import rejection

_SHAPE = [50]


def _numbers(
  first_seed: tf.Tensor, second_seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  return tuple(
    random.uniform(_SHAPE, dtype=tf.float32, seed=seed)
    for seed in (first_seed, second_seed)
  )


def _draw(
  limit: tf.Tensor, max_rounds: int = 200, compact: bool = False
) -> tf.Tensor:
  """Returns the first u of each element whose v is at most `limit`."""
  return rejection.first_accepted(
    lambda u, v, limit: (u, v > limit),
    _numbers,
    parameters=[limit],
    pending=-1.0,
    max_rounds=max_rounds,
    seed=3,
    compact=compact,
  )


@pytest.mark.parametrize(
  ('jit', 'compact'), [(False, False), (True, False), (False, True)]
)
def test_each_element_has_its_first_accepted_proposal(
  jit: bool, compact: bool
) -> None:
  limit = tf.constant(np.linspace(0.1, 0.9, 50), tf.float32)
  draw = tf.function(_draw, jit_compile=jit)
  samples = draw(limit, compact=compact)
  expected = np.full(_SHAPE, np.nan, np.float32)
  for index in range(200):
    u, v = _numbers(*random.split(random.fold_in(3, index), 2))
    first = np.isnan(expected) & (v.numpy() <= limit.numpy())
    expected[first] = u.numpy()[first]
  np.testing.assert_array_equal(samples, expected)


@pytest.mark.parametrize('compact', [False, True])
def test_a_nan_ends_the_loop(compact: bool) -> None:
  limit = tf.constant([np.nan] * 50)
  first, _ = _numbers(*random.split(random.fold_in(3, 0), 2))
  # A comparison with NaN refuses nothing.
  np.testing.assert_array_equal(_draw(limit, compact=compact), first)


@pytest.mark.parametrize('compact', [False, True])
def test_elements_that_were_never_accepted_keep_the_mark(compact: bool) -> None:
  samples = _draw(tf.fill(_SHAPE, -1.0), 3, compact)
  np.testing.assert_array_equal(samples, [-1.0] * 50)
