"""Tests of fit, evaluate and predict: where the data come from, and modes."""

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
  model.compile(keras.optimizers.SGD(0.5))
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
  model.compile(keras.optimizers.SGD(0.5))
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


def test_evaluate_repeats_itself_and_reports_bounds() -> None:
  # ELBO <= log p(x): on average over 2,000 draws of the same binary images.
  model = tiny.model('reinforce')
  model.compile()
  x = np.tile(tiny.binary_images(4), (500, 1))
  first, again = (
    model.evaluate(x, verbose=0, return_dict=True) for _ in range(2)
  )
  assert first == again
  assert first['loss'] == pytest.approx(-first['bound'], rel=1e-6)
  exact = tiny.log_likelihood(tiny.numbers(model.objective), x[:4]).mean()
  assert exact - 3 < first['bound'] < exact
  predicted = model.predict(x, batch_size=2000, verbose=0)
  assert predicted.shape == (2000,)
  assert exact - 3 < predicted.mean() < exact
  assert int(model.objective.step) == 0


def test_validation_is_what_evaluate_reports(
  from_array: keras.Model,
) -> None:
  x = tiny.images(12)
  expected = from_array.evaluate(x, batch_size=_BATCH, verbose=0)
  for validation in (x, (x, None), _dataset(x)):
    model = tiny.model(built=False)
    model.compile(keras.optimizers.SGD(0.5))
    history = model.fit(
      x,
      batch_size=_BATCH,
      shuffle=False,
      validation_data=validation,
      verbose=0,
    ).history
    assert set(history) == {'loss', 'bound', 'val_loss', 'val_bound'}
    result = [history['val_loss'][0], history['val_bound'][0]]
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    assert history['loss'][0] == pytest.approx(-history['bound'][0], rel=1e-6)


_JIT_AND_FIVE = {'jit_compile': True, 'steps_per_execution': 5}


@pytest.mark.parametrize(
  ('estimator', 'num_layers', 'modes'),
  [
    ('disarm', 2, [_JIT_AND_FIVE]),
    ('vimco', 1, [{'jit_compile': True}, {'steps_per_execution': 5}]),
    ('reinforce_loo', 2, [{'run_eagerly': True}]),
  ],
)
def test_modes_of_execution_agree(
  estimator: str, num_layers: int, modes: list[dict[str, Any]]
) -> None:
  # In float64: modes round differently, and in float32 a binary sample whose
  # uniform number lies that near to its probability, flips.
  trained = []
  for options in ({'jit_compile': False}, *modes):
    model = tiny.model(estimator, num_layers=num_layers, dtype='float64')
    start = tiny.trained_values(model)
    model.compile(keras.optimizers.SGD(0.5), **options)
    model.fit(tiny.images(20), batch_size=2, shuffle=False, verbose=0)
    assert int(model.objective.step) == 10
    trained.append(tiny.trained_values(model))
  assert np.abs(trained[0] - start).max() > 0.1
  for other in trained[1:]:
    np.testing.assert_allclose(other, trained[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize('wrap', [list, tuple, keras.callbacks.CallbackList])
def test_callbacks_see_every_batch_and_its_logs(wrap: Any) -> None:
  model, batches = tiny.model(), tiny.Batches()
  model.compile()
  history = model.fit(
    tiny.images(12), batch_size=_BATCH, callbacks=wrap([batches]), verbose=0
  ).history
  assert batches.seen == [0, 1, 2]
  assert batches.logs[-1] == {name: history[name][0] for name in history}


def test_seeds_and_steps_have_noise_of_their_own() -> None:
  x = tiny.images(4)
  bounds = []
  for seed in (0, 0, 1):
    model = tiny.model(seed=seed)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(x, epochs=3, shuffle=False, verbose=0).history
    bounds.append(history['bound'])
  assert bounds[0] == bounds[1]
  assert len(set(bounds[0] + bounds[2])) == 6


def test_a_bad_pixel_late_in_data_to_evaluate_is_not_lost() -> None:
  model, x = tiny.model(), tiny.images(12, dtype='float32')
  model.compile()
  assert np.isfinite(model.evaluate(_dataset(x), verbose=0)).all()
  x[9, 1] = np.nan
  for method in (model.evaluate, model.predict):
    try:
      result = method(_dataset(x), verbose=0)
    except ValueError as error:
      assert 'Bad values' in str(error)
    else:
      assert np.isnan(result).any()
