"""Tests of the batches: what a step sees, whatever came before it."""

import numpy as np
import pytest

from experiments.data import batches

_NUMBER = 23  # No multiple of the batch size.
_NUMBERED = np.arange(_NUMBER, dtype=np.uint8)[:, None].repeat(3, axis=1)


def _seen(num_steps, *, first_step=0, seed=7):
  data = batches.gathered_batches(
    lambda rows: rows,
    _NUMBER,
    batch_size=5,
    seed=seed,
    first_step=first_step,
    num_steps=num_steps,
  )
  assert data.cardinality() == num_steps
  return np.stack(list(data.as_numpy_iterator()))


def test_every_pass_has_every_example_once():
  passes = _seen(46).reshape(10, _NUMBER)
  np.testing.assert_array_equal(
    np.sort(passes, axis=1), np.tile(np.arange(_NUMBER), (10, 1))
  )
  assert len({tuple(order) for order in passes}) == 10


def test_step_alone_decides():
  whole = _seen(30)
  for first_step, num_steps in ((0, 4), (4, 1), (5, 20), (29, 1)):
    part = _seen(num_steps, first_step=first_step)
    np.testing.assert_array_equal(part, whole[first_step:][:num_steps])


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
    ({'seed': -1}, 'seed=-1'),
    ({'seed': 2**32}, 'seed=4294967296'),
    ({'first_step': -1}, 'first_step=-1'),
    ({'num_steps': 0}, 'num_steps=0'),
    ({'num_examples': 0}, 'num_examples=0'),
  ],
)
def test_bad_arguments(change, message):
  options = {
    'num_examples': _NUMBER,
    'batch_size': 5,
    'seed': 0,
    'first_step': 0,
    'num_steps': 1,
  } | change
  with pytest.raises(ValueError, match=message):
    batches.gathered_batches(lambda rows: rows, **options)
