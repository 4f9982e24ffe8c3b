"""Tests of the order: what a step sees, whatever came before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tf_mco.models.array_training import order as order_lib

_NUMBER, _BATCH = 23, 5  # The batch size does not divide the number.


def _order(**changes: Any) -> order_lib.Order:
  options: dict[str, Any] = {
    'num_examples': _NUMBER,
    'batch_size': _BATCH,
    'shuffle': True,
    'seed': 7,
    'steps_per_epoch': 10,
  }
  return order_lib.Order(**options | changes)


def _seen(
  num_steps: int, *, first_step: int = 0, step: int = 0, **changes: Any
) -> np.ndarray:
  """Returns the examples of successive steps, `[num_steps, B]`."""
  steps = tf.range(step, step + num_steps, dtype=tf.int64)
  first = tf.constant(first_step, tf.int64)
  return _order(**changes).examples(first, steps).numpy()


def _passes(number: int, **changes: Any) -> np.ndarray:
  seen = _seen(-(-number * _NUMBER // _BATCH), **changes)
  return seen.reshape(-1)[: number * _NUMBER].reshape(number, _NUMBER)


def test_every_pass_has_every_example_once() -> None:
  np.testing.assert_array_equal(
    np.sort(_passes(40), axis=1), np.tile(np.arange(_NUMBER), (40, 1))
  )


def test_orders_differ_between_passes_and_seeds() -> None:
  seeds = (7, 8, 7 + 2**32, -7)
  orders = np.concatenate([_passes(20, seed=seed) for seed in seeds])
  assert len({tuple(order) for order in orders}) == 80


def test_the_step_of_the_model_alone_decides() -> None:
  whole = _seen(30)
  for first, num in ((0, 4), (4, 1), (5, 20), (29, 1)):
    np.testing.assert_array_equal(_seen(num, step=first), whole[first:][:num])
    part = _seen(num, first_step=first - first // 2, step=first // 2)
    np.testing.assert_array_equal(part, whole[first:][:num])


def test_the_order_never_changes() -> None:
  """A run may be resumed with a later version: these are fixed numbers."""
  np.testing.assert_array_equal(
    _seen(6),
    [
      [12, 1, 14, 17, 0],
      [6, 18, 20, 3, 22],
      [2, 11, 4, 9, 13],
      [16, 7, 10, 21, 8],
      [15, 5, 19, 3, 16],
      [11, 19, 5, 15, 22],
    ],
  )


def test_steps_beyond_32_bits() -> None:
  first_step = 2**40
  seen = _seen(5, first_step=first_step).reshape(-1)
  rest = _NUMBER - first_step * _BATCH % _NUMBER
  assert len(set(seen[:rest])) == min(rest, 25)


def test_without_steps_per_epoch_an_epoch_is_one_pass() -> None:
  order = _order(steps_per_epoch=None)
  assert (order.steps, order.full_steps, order.rest) == (5, 4, 3)
  orders = []
  for start in (0, 5, 10):
    first = tf.constant(start, tf.int64)
    full = order.examples(first, tf.range(4, dtype=tf.int64))
    rest = order.rest_examples(first)
    orders.append((*np.ravel(full), *rest.numpy()))
    assert sorted(orders[-1]) == list(range(_NUMBER))
  assert len(set(orders)) == 3


def test_an_even_number_leaves_no_rest() -> None:
  order = _order(steps_per_epoch=None, num_examples=20)
  assert (order.steps, order.full_steps, order.rest) == (4, 4, 0)
  assert order.rest_examples(tf.constant(0, tf.int64)).shape == (0,)


def test_without_shuffle_the_array_keeps_its_order() -> None:
  expected = np.arange(30).reshape(6, 5) % _NUMBER
  np.testing.assert_array_equal(_seen(6, shuffle=False), expected)


def _permutation(turn: int, seed: int, number: int = 50_000) -> np.ndarray:
  """Returns the order in which a pass visits examples of MNIST's number."""
  return _seen(
    number // 500,
    first_step=turn * number // 500,
    seed=seed,
    num_examples=number,
    batch_size=500,
  ).reshape(-1)


def test_orders_are_as_unlike_as_random_ones() -> None:
  """With tf.random.experimental.index_shuffle they correlate at 0.67."""
  orders = [_permutation(e, s) for s in (0, 1) for e in (0, 1, 2)]
  correlations = np.corrcoef(orders)[np.triu_indices(6, 1)]
  # Each has a standard deviation of N ** -0.5; fixed seeds, 15 of them.
  assert abs(correlations).max() * 50_000**0.5 < 4


def test_batches_are_as_mixed_as_random_ones() -> None:
  order = _permutation(0, 0)
  variance = order.reshape(1_000, 50).mean(axis=1).var()
  expected = (50_000**2 - 1) / 12 / 50
  # Standard deviation of the ratio: (2 / 1000) ** 0.5. Four rounds give 0.39.
  assert abs(variance / expected - 1) < 4 * (2 / 1_000) ** 0.5
