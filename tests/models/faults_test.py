"""Tests that a run stops at its first bad value, and can go on from before."""

from __future__ import annotations

from collections.abc import Iterator
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tests.support import tiny
from tf_mco import models
from tf_mco.models import faults

_POISON = 0.123  # in a first pixel it makes a _Poisonous layer fail


class _Poisonous(keras.layers.Layer):
  """A dense layer whose value or gradient is NaN for one kind of example."""

  def __init__(self, where: str, **kwargs: Any):
    super().__init__(name='poisonous', **kwargs)
    self._where = where
    self.dense = keras.layers.Dense(3)

  def build(self, shape: Any) -> None:
    """Makes the weights."""
    self.dense.build(shape)

  def call(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the dense layer's output, or NaN."""
    poison = tf.where(tf.abs(x[:, :1] - _POISON) < 1e-3, np.nan, 1.0)
    if self._where == 'value':
      return self.dense(x) * poison

    @tf.custom_gradient
    def with_gradient(y: tf.Tensor) -> Any:
      return tf.identity(y), lambda upstream: upstream * poison

    return with_gradient(self.dense(x))


def _model(where: str = 'value', **compile_options: Any) -> Any:
  keras.utils.set_random_seed(0)
  parts = tiny.parts()
  parts['encoder'] = (_Poisonous(where), parts['encoder'])
  model = models.LatentVariableModel(
    **parts, estimator='vimco', binarization='none'
  )
  model.compile('adam', **{'jit_compile': False, **compile_options})
  return model


def _pixels(bad: float | None = None, *, step: int = 0) -> np.ndarray:
  """Returns 15 batches of two, with one bad pixel in the batch of a step."""
  x = tiny.images(30, dtype='float32') * 0.8 + 0.15
  if bad is not None:
    x[2 * step + 1, 0] = bad
  return x


def _stream(x: np.ndarray) -> tf.data.Dataset:
  return tf.data.Dataset.from_tensor_slices(x).batch(2)


class _Sequence(keras.utils.PyDataset):
  """Batches of two."""

  def __init__(self, x: np.ndarray):
    super().__init__()
    self._x = x

  def __len__(self) -> int:
    return len(self._x) // 2

  def __getitem__(self, index: int) -> tuple[np.ndarray]:
    return (self._x[2 * index : 2 * index + 2],)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -0.01, 1.01, 255.0])
def test_a_bad_pixel_in_an_array_stops_before_the_first_step(
  bad: float,
) -> None:
  good, x, model = _pixels(), _pixels(bad, step=14), _model()
  for call in (
    lambda: model.fit(x, verbose=0),
    lambda: model.fit(tf.constant(x), verbose=0),
    lambda: model.fit(good, validation_data=x, verbose=0),
    lambda: model.fit(good, validation_data=(x, None), verbose=0),
    lambda: model.evaluate(x, verbose=0),
    lambda: model.predict(x, verbose=0),
  ):
    with pytest.raises(ValueError, match='Bad values in the .*data'):
      call()
  assert not model.built or int(model.objective.step) == 0


@pytest.mark.parametrize('make', [_stream, _Sequence])
def test_a_bad_first_batch_stops_before_the_first_step(make: Any) -> None:
  model = _model()
  with pytest.raises(ValueError, match='Bad values in the training data'):
    model.fit(make(_pixels(np.nan)), verbose=0)
  with pytest.raises(ValueError, match='Bad values in the validation data'):
    good, bad = _pixels(), _pixels(np.nan)
    model.fit(good, validation_data=make(bad), verbose=0)
  assert not model.built or int(model.objective.step) == 0


_GRAPH = {'jit_compile': False}
_FIVE = {'jit_compile': False, 'steps_per_execution': 5}
_JIT = {'jit_compile': True, 'steps_per_execution': 5}


@pytest.mark.parametrize(
  ('options', 'where', 'bad', 'step', 'message'),
  [
    (_GRAPH, 'value', 2.0, 7, 'Bad values in the data of training step 7:'),
    (_FIVE, 'value', np.nan, 5, 'Bad values in the data of training step 5:'),
    (_JIT, 'value', _POISON, 7, 'training step 7 is not finite'),
    (_GRAPH, 'gradient', _POISON, 9, 'step 9'),
  ],
)
def test_no_checkpoint_of_a_spoilt_state_is_written(
  options: dict[str, Any],
  where: str,
  bad: float,
  step: int,
  message: str,
  tmp_path: pathlib.Path,
) -> None:
  model, batches = _model(where, **options), tiny.Batches()
  checkpoint = keras.callbacks.ModelCheckpoint(
    str(tmp_path / '{batch:02d}.weights.h5'),
    save_freq=1,
    save_weights_only=True,
  )
  with pytest.raises(ValueError, match=message):
    model.fit(
      _stream(_pixels(bad, step=step)),
      callbacks=[checkpoint, batches],
      verbose=0,
    )
  size = options.get('steps_per_execution', 1)
  last_good = step // size * size
  assert batches.seen == list(range(size - 1, last_good, size))
  saved = sorted(path.name for path in tmp_path.iterdir())
  assert len(saved) == last_good // size


@pytest.mark.parametrize('where', ['value', 'gradient'])
def test_a_fault_in_the_very_last_step_is_seen(where: str) -> None:
  model = _model(where)
  with pytest.raises(ValueError, match='step 14'):
    model.fit(_stream(_pixels(_POISON, step=14)), verbose=0)


def test_a_fault_is_forgotten_once_the_weights_are_good_again() -> None:
  model = _model()
  model.build((None, tiny.PIXELS))
  good = model.get_weights()
  with pytest.raises(ValueError, match='Bad values'):
    model.fit(_stream(_pixels(2.0, step=2)), verbose=0)
  for _ in range(2):
    with pytest.raises(ValueError, match=r'poisonous/.*kernel are not finite'):
      model.fit(_stream(_pixels()), verbose=0)
  model.set_weights(good)
  with pytest.raises(ValueError, match=r'momentum are not.*`compile`'):
    model.fit(_stream(_pixels()), verbose=0)
  model.compile('adam', jit_compile=False)
  model.fit(_stream(_pixels()), verbose=0)
  assert int(model.step) == 15


def test_a_learning_rate_that_overflows_names_the_step() -> None:
  model = tiny.model('vimco')
  model.compile(keras.optimizers.SGD(1e39), jit_compile=False)
  with pytest.raises(ValueError, match='step [01] is not finite'):
    model.fit(tiny.images(8), batch_size=2, verbose=0)


def _generator(x: np.ndarray) -> Iterator[tuple[np.ndarray]]:
  for start in range(0, len(x), 2):
    yield (x[start : start + 2],)


def test_the_first_batch_of_a_generator_is_checked_before() -> None:
  model = tiny.model('vimco')
  model.compile()
  with pytest.raises(ValueError, match='in the training data'):
    model.fit(_generator(_pixels(2.0)), steps_per_epoch=15, verbose=0)


def test_a_reloaded_checkpoint_trains_on_as_if_nothing_had_been(
  tmp_path: pathlib.Path,
) -> None:
  def compiled() -> Any:
    model = tiny.model('vimco', binarization='none')
    model.compile('adam', jit_compile=False)
    return model

  path = tmp_path / 'last.keras'
  model, undisturbed = compiled(), compiled()
  checkpoint = keras.callbacks.ModelCheckpoint(path, save_freq=1)
  with pytest.raises(ValueError, match='training step 7'):
    spoilt = _stream(_pixels(np.nan, step=7))
    model.fit(spoilt, callbacks=[checkpoint], verbose=0)
  loaded = keras.models.load_model(path)
  assert int(loaded.objective.step) == 7
  loaded.fit(_stream(_pixels()[14:]), verbose=0)
  undisturbed.fit(_stream(_pixels()), verbose=0)
  tiny.assert_same_state(loaded, undisturbed)


@pytest.mark.parametrize('make', [lambda x: x, _stream, _generator])
def test_the_first_step_blames_the_data_and_not_the_learning_rate(
  make: Any,
) -> None:
  model = observed_models.model('real')
  model.compile('adam', jit_compile=False)
  x = np.full([4, observed_models.WIDTH], 1e30, 'float32')
  x[:, 0] = -1e30
  with pytest.raises(ValueError, match='step 0 is not finite') as info:
    model.fit(make(x), verbose=0)
  message = str(info.value)
  assert 'learning rate' not in message
  assert 'scale of the observations (float32 values from -1' in message
  assert 'mean 5e+29' in message
  assert 'initial variances' in message


def test_a_later_step_blames_the_learning_rate() -> None:
  model = _model()
  with pytest.raises(ValueError, match='step 3 .*lower learning rate'):
    model.fit(_stream(_pixels(_POISON, step=3)), verbose=0)


def test_the_first_step_of_a_later_call_is_a_first_step_too() -> None:
  model = _model()
  model.fit(_stream(_pixels()), verbose=0)
  x = _pixels(_POISON, step=0)
  with pytest.raises(ValueError, match='step 15 .*scale of the observations'):
    model.fit(_stream(x), verbose=0)


def test_ends_of_the_unit_interval_are_explained() -> None:
  x = np.tile(np.array([0, 51, 200, 255], 'uint8'), (4, 1))
  model = observed_models.model('unit_interval')
  model.compile('adam', jit_compile=False)
  with pytest.raises(ValueError, match=r'Beta density.*pixel_range=\(-1, 256'):
    model.fit(x, verbose=0)
  model = observed_models.model('unit_interval', pixel_range=(-1, 256))
  model.compile('adam', jit_compile=False)
  model.fit(x, verbose=0)


def test_moments_that_a_fault_has_spoilt_are_refused() -> None:
  parts = tiny.parts()
  norm = keras.layers.BatchNormalization()
  parts['encoder'] = (norm, parts['encoder'])
  model = models.LatentVariableModel(**parts, estimator='vimco')
  model.compile('adam', jit_compile=False)
  model.build((None, tiny.PIXELS))
  good = norm.get_weights()
  norm.moving_mean.assign(np.full(tiny.PIXELS, np.nan))
  with pytest.raises(
    ValueError, match='moving_mean are not finite.*checkpoint'
  ):
    model.fit(_pixels(), verbose=0)
  norm.set_weights(good)
  model.fit(_pixels(), verbose=0)


def test_a_bound_of_minus_infinity_is_one() -> None:
  for bad in (np.nan, np.inf):
    assert faults.is_no_bound(tf.constant([0.0, bad]))
  assert not faults.is_no_bound(tf.constant([0.0, -np.inf]))
  model = tiny.model()
  faults.require_bounds(model, np.array([0.0, -np.inf]))
  with pytest.raises(ValueError, match='bound of example 7 is nan'):
    faults.require_bounds(model, np.array([0.0, np.inf * 0, np.inf]), offset=6)
