"""Tests of the batches: what a step sees, whatever came before it."""

import numpy as np
import pytest

from experiments.data import batches

_NUMBER = 23  # No multiple of the batch size.
_NUMBERED = np.arange(_NUMBER, dtype=np.uint8)[:, None].repeat(3, axis=1)


def _seen(num_steps, *, first_step=0, seed=7, images=_NUMBERED, batch_size=5):
  data = batches.training_batches(
    images,
    batch_size=batch_size,
    seed=seed,
    first_step=first_step,
    num_steps=num_steps,
  )
  return np.stack(list(data.as_numpy_iterator()))


def _epochs(number, **options):
  seen = _seen(-(-number * _NUMBER // 5), **options)[..., 0]
  return seen.reshape(-1)[: number * _NUMBER].reshape(number, _NUMBER)


def test_every_epoch_has_every_example_once():
  epochs = _epochs(40)
  np.testing.assert_array_equal(
    np.sort(epochs, axis=1), np.tile(np.arange(_NUMBER), (40, 1))
  )


def test_rows_stay_whole():
  images = np.random.RandomState(0).randint(0, 256, (_NUMBER, 9), np.uint8)
  numbers = _seen(10)[..., 0]
  np.testing.assert_array_equal(_seen(10, images=images), images[numbers])


def test_orders_differ_between_epochs_and_seeds():
  orders = np.concatenate([_epochs(20), _epochs(20, seed=8)])
  assert len({tuple(order) for order in orders}) == 40


def test_step_alone_decides():
  whole = _seen(30)
  for first_step, num_steps in ((0, 4), (4, 1), (5, 20), (29, 1)):
    part = _seen(num_steps, first_step=first_step)
    np.testing.assert_array_equal(part, whole[first_step:][:num_steps])


def test_order_never_changes():
  """A run may be resumed with a later version: these are fixed numbers."""
  np.testing.assert_array_equal(
    _seen(6)[..., 0],
    [
      [6, 5, 14, 0, 3],
      [22, 19, 9, 8, 2],
      [20, 18, 12, 15, 4],
      [1, 10, 11, 17, 7],
      [16, 13, 21, 11, 3],
      [13, 4, 22, 5, 2],
    ],
  )


def test_steps_beyond_32_bits():
  first_step = 2**40
  seen = _seen(5, first_step=first_step).reshape(-1, 3)[:, 0]
  position = first_step * 5 % _NUMBER
  rest = _NUMBER - position
  assert len(set(seen[:rest])) == min(rest, 25)


def _permutation(epoch, seed, number=50_000):
  """Returns the order in which an epoch of MNIST's size visits examples."""
  digits = np.arange(number)[:, None] // [1, 256] % 256
  seen = _seen(
    number // 500,
    first_step=epoch * number // 500,
    seed=seed,
    images=digits.astype(np.uint8),
    batch_size=500,
  )
  return seen.reshape(-1, 2).astype(np.int64) @ [1, 256]


def test_orders_are_as_unlike_as_random_ones():
  """With tf.random.experimental.index_shuffle they correlate at 0.67."""
  orders = [_permutation(e, s) for s in (0, 1) for e in (0, 1, 2)]
  correlations = np.corrcoef(orders)[np.triu_indices(6, 1)]
  # Each has a standard deviation of N ** -0.5; fixed seeds, 15 of them.
  assert abs(correlations).max() * 50_000**0.5 < 4


def test_batches_are_as_mixed_as_random_ones():
  order = _permutation(0, 0)
  variance = order.reshape(1_000, 50).mean(axis=1).var()
  expected = (50_000**2 - 1) / 12 / 50
  # Standard deviation of the ratio: (2 / 1000) ** 0.5. Four rounds give 0.39.
  assert abs(variance / expected - 1) < 4 * (2 / 1_000) ** 0.5


def test_static_shapes_and_length():
  data = batches.training_batches(
    _NUMBERED, batch_size=5, seed=0, first_step=3, num_steps=9
  )
  assert data.element_spec.shape == (5, 3)
  assert data.element_spec.dtype == 'uint8'
  assert data.cardinality() == 9


@pytest.mark.parametrize(
  ('batch_size', 'sizes', 'static'),
  [(5, [5, 5, 5, 5, 3], None), (23, [23], 23), (40, [23], None)],
)
def test_evaluation_has_every_example_in_order(batch_size, sizes, static):
  data = batches.evaluation_batches(_NUMBERED, batch_size)
  seen = list(data.as_numpy_iterator())
  assert [len(batch) for batch in seen] == sizes
  np.testing.assert_array_equal(np.concatenate(seen), _NUMBERED)
  assert data.element_spec.shape.as_list() == [static, 3]


@pytest.mark.parametrize(
  ('change', 'message'),
  [
    ({'batch_size': 0}, 'batch_size=0'),
    ({'batch_size': 2.5}, 'integer, .*batch_size=2.5'),
    ({'batch_size': float('nan')}, 'integer, .*batch_size=nan'),
    ({'batch_size': None}, 'integer, .*batch_size=None'),
    ({'batch_size': True}, 'integer, .*batch_size=True'),
    ({'seed': 1.0}, 'integer, 0 to 4294967295. Received: seed=1.0'),
    ({'images': [[1, 2]]}, 'Expected an array.*Received: list'),
    ({'images': np.ma.masked_array(_NUMBERED)}, 'Received: MaskedArray'),
    ({'images': _NUMBERED.astype(np.int8)}, r'int8 \(23, 3\)'),
    ({'seed': -1}, 'seed=-1'),
    ({'seed': 2**32}, 'seed=4294967296'),
    ({'first_step': -1}, 'first_step=-1'),
    ({'num_steps': 0}, 'num_steps=0'),
    ({'images': _NUMBERED / 255}, r'float64 \(23, 3\)'),
    ({'images': _NUMBERED[:, 0]}, r'uint8 \(23,\)'),
    ({'images': _NUMBERED[:0]}, r'uint8 \(0, 3\)'),
  ],
)
def test_bad_arguments(change, message):
  options = {
    'images': _NUMBERED,
    'batch_size': 5,
    'seed': 0,
    'first_step': 0,
    'num_steps': 1,
  } | change
  with pytest.raises(ValueError, match=message):
    batches.training_batches(options.pop('images'), **options)
