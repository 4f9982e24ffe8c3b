"""Observations from every source, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny

_BATCH = 4


class _Sequence(keras.utils.PyDataset):
  """Batches of an array, in order."""

  def __init__(self, x: np.ndarray):
    super().__init__()
    self._x = x

  def __len__(self) -> int:
    return len(self._x) // _BATCH

  def __getitem__(self, index: int) -> tuple[np.ndarray]:
    return (self._x[index * _BATCH : (index + 1) * _BATCH],)


def _generator(x: np.ndarray) -> Iterator[tuple[np.ndarray]]:
  while True:
    for start in range(0, len(x), _BATCH):
      yield (x[start : start + _BATCH],)


def _dataset(x: np.ndarray) -> tf.data.Dataset:
  return tf.data.Dataset.from_tensor_slices(x).batch(_BATCH)


_SOURCES: dict[str, Any] = {
  'array with targets': lambda x: {'x': x, 'y': np.arange(len(x))},
  'dataset': lambda x: {'x': _dataset(x)},
  'dataset of tuples': lambda x: {'x': _dataset(x).map(lambda b: (b, b))},
  'PyDataset': lambda x: {'x': _Sequence(x)},
  'generator': lambda x: {'x': _generator(x), 'steps_per_epoch': 3},
}


@pytest.fixture(scope='module')
def from_array() -> keras.Model:
  """Returns a model that was fitted to an array."""
  model = tiny.model(built=False)
  model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
  model.fit(tiny.images(12), batch_size=_BATCH, shuffle=False, verbose=0)
  return model


@pytest.mark.parametrize('source', _SOURCES)
def test_all_sources_of_data_train_the_same_unbuilt_model(
  source: str, from_array: keras.Model
) -> None:
  data = _SOURCES[source](tiny.images(12))
  if 'y' in data:
    data['batch_size'] = _BATCH
  model = tiny.model(built=False)
  model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
  before = tiny.trained_values(tiny.model())
  model.fit(**data, shuffle=False, verbose=0)
  trained = tiny.trained_values(model)
  np.testing.assert_array_equal(trained, tiny.trained_values(from_array))
  assert np.abs(trained - before).max() > 1e-2
  assert int(model.objective.step) == 3


@pytest.mark.parametrize('source', ['dataset', 'PyDataset', 'generator'])
def test_evaluate_and_predict_from_all_sources(
  source: str, from_array: keras.Model
) -> None:
  x = tiny.images(12)
  steps = {'steps': 3} if source == 'generator' else {}
  for method in ('evaluate', 'predict'):
    data = _SOURCES[source](x)['x']
    result = getattr(from_array, method)(data, verbose=0, **steps)
    expected = getattr(from_array, method)(x, batch_size=_BATCH, verbose=0)
    np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_weights_of_samples_and_classes_are_refused() -> None:
  x, ones = tiny.images(4), np.ones(4)
  triple = tf.data.Dataset.from_tensors((x, ones, ones))
  model = tiny.model()
  model.compile()
  calls = [
    lambda: model.fit(x, sample_weight=ones, verbose=0),
    lambda: model.fit(x, ones, sample_weight=ones, verbose=0),
    lambda: model.fit(x, ones, class_weight={1: 2.0}, verbose=0),
    lambda: model.fit(triple, verbose=0),
    lambda: model.fit(x, validation_data=(x, ones, ones), verbose=0),
    lambda: model.evaluate(x, sample_weight=ones, verbose=0),
    lambda: model.evaluate(triple, verbose=0),
  ]
  for index, call in enumerate(calls):
    with pytest.raises(ValueError, match=r'(sample|class).weight'):
      call()
      pytest.fail(f'call {index} was accepted')


def test_a_dictionary_of_images_is_refused() -> None:
  model = tiny.model()
  model.compile()
  with pytest.raises(ValueError, match='one array of observations'):
    model.fit({'x': tiny.images(4)}, verbose=0)
