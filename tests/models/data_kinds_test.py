"""Data that models take; `tests/bad_inputs` has those that they refuse."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco.models import data_kinds

_X = tiny.images(6)


class _Sequence(keras.utils.PyDataset):
  def __len__(self) -> int:
    return 2

  def __getitem__(self, index: int) -> np.ndarray:
    return _X[3 * index : 3 * index + 3]


def _generator() -> Any:
  yield _X[:3]
  yield _X[3:]


@pytest.mark.parametrize(
  'x',
  [
    _X,
    tf.constant(_X),
    (_X, np.zeros(6)),
    (_X,),
    tf.data.Dataset.from_tensor_slices(_X).batch(3),
    tf.data.Dataset.from_tensor_slices((_X, np.zeros(6))).batch(3),
    tf.data.Dataset.from_generator(
      _generator, output_signature=tf.TensorSpec(None, tf.uint8)
    ),
    _Sequence(),
    _generator(),
  ],
  ids=[
    *('array', 'tensor', 'targets', 'tuple', 'stream', 'stream_of_targets'),
    *('stream_of_unknown_shape', 'sequence', 'generator'),
  ],
)
def test_data_that_are_taken(x: Any) -> None:
  data_kinds.require(x, 'the data', (tiny.PIXELS,))
  data_kinds.require(x, 'the data', (None,))
  data_kinds.require(x, 'the data', None)


def test_a_look_takes_nothing_from_a_generator() -> None:
  batches = _generator()
  data_kinds.require(batches, 'the data', (tiny.PIXELS,))
  assert len(list(batches)) == 2


def test_numbers_of_numpy_are_numbers() -> None:
  given = {'batch_size': np.int64(3), 'epochs': np.int32(2), 'verbose': 0}
  found = data_kinds.checked_options(given)
  assert found == {'batch_size': 3, 'epochs': 2, 'verbose': 0}
  assert json.dumps(found)
  model = tiny.model()
  model.compile('sgd', run_eagerly=True, steps_per_execution=np.int64(1))
  history = model.fit(_X, **given)
  assert len(history.history['loss']) == 2
  assert int(model.step) == 4
  json.dumps(model.get_compile_config())


def test_options_that_keras_leaves_open() -> None:
  given = {'batch_size': None, 'steps_per_execution': 'auto'}
  assert data_kinds.checked_options(given) == given
