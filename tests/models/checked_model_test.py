"""Tests of the doors of a model: what is read, refused and repeated there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import types
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tests.support import tiny
from tf_mco import diagnostics
from tf_mco import evaluation
from tf_mco import random

_BITS = tiny.binary_images(12)
_GRAPH = {'jit_compile': False}
_FIVE = {'jit_compile': False, 'steps_per_execution': 5}
_JIT = {'jit_compile': True, 'steps_per_execution': 2}
_EAGER = {'run_eagerly': True}


class _Sequence(keras.utils.PyDataset):
  """Batches of two."""

  def __init__(self, x: np.ndarray):
    super().__init__()
    self._x = x

  def __len__(self) -> int:
    return len(self._x) // 2

  def __getitem__(self, index: int) -> np.ndarray:
    return self._x[2 * index : 2 * index + 2]


def _dataset(x: np.ndarray) -> tf.data.Dataset:
  return tf.data.Dataset.from_tensor_slices(x).batch(2)


def _generator(x: np.ndarray) -> Iterator[tuple[np.ndarray]]:
  for start in range(0, len(x), 2):
    yield (x[start : start + 2],)


_STREAMS: dict[str, Callable] = {
  'dataset': _dataset,
  'PyDataset': _Sequence,
  'generator': _generator,
}


def _compiled(model: Any, **options: Any) -> Any:
  model.compile(keras.optimizers.SGD(0.1), **(options or _GRAPH))
  return model


@pytest.fixture(scope='module')
def trained_on_floats() -> np.ndarray:
  """Returns the values of a model that was trained on floating bits."""
  model = _compiled(tiny.model(dtype='float64'))
  model.fit(_BITS, batch_size=2, shuffle=False, verbose=0)
  return tiny.trained_values(model)


@pytest.mark.parametrize(
  ('source', 'dtype'),
  [
    *(('array', 'int64'), ('array', 'bool'), ('dataset', 'uint8')),
    *(('PyDataset', 'int32'), ('generator', 'uint8')),
  ],
)
def test_bits_train_as_floats_do(
  source: str, dtype: str, trained_on_floats: np.ndarray
) -> None:
  x, model = _BITS.astype(dtype), _compiled(tiny.model(dtype='float64'))
  if source == 'array':
    model.fit(x, batch_size=2, shuffle=False, verbose=0)
  else:
    model.fit(_STREAMS[source](x), shuffle=False, verbose=0)
  assert int(model.step) == 6  # a generator has not lost its first batch
  # Floating bits are binarized by a draw, which leaves them as they are.
  np.testing.assert_array_equal(tiny.trained_values(model), trained_on_floats)


@pytest.mark.parametrize('dtype', ['uint8', 'int64'])
def test_counts_train_as_floats_do(dtype: str) -> None:
  x = np.random.default_rng(0).poisson(2.0, [6, 4])
  trained = []
  for kind in ('float32', dtype):
    model = _compiled(observed_models.model('count'))
    model.fit(x.astype(kind), batch_size=3, shuffle=False, verbose=0)
    trained.append(tiny.trained_values(model))
  np.testing.assert_array_equal(trained[1], trained[0])


def _results(model: Any, x: np.ndarray) -> dict[str, np.ndarray]:
  """Returns what every door of a model says about observations."""
  source = diagnostics.model_source(model, x)
  return {
    'call': model(x),
    'encode': model.encode(x),
    'reconstruct': model.reconstruct(x),
    'predict': model.predict(x, verbose=0),
    'predict_on_batch': model.predict_on_batch(x),
    'evaluate': model.evaluate(x, verbose=0),
    'test_on_batch': model.test_on_batch(x),
    'bound': model.log_likelihood_bound(x, num_samples=3, seed=1),
    'bounds': evaluation.log_likelihood_bounds(
      model, x, num_samples=3, jit_compile=False
    ),
    'active units': evaluation.unit_variances(model, x, seed=1)[0],
    'source': source.loss(tf.constant([1, 2])),
  }


@pytest.mark.parametrize('case', ['counts', 'bits', 'bytes'])
def test_every_door_reads_the_same(case: str) -> None:
  counts = np.array([[0, 3, 1, 300], [2, 0, 0, 1]])
  if case == 'counts':
    make = lambda: observed_models.model('count')  # noqa: E731
    integers, floats = counts, counts.astype('float32')
  else:
    make = lambda: tiny.model(binarization='none')  # noqa: E731
    integers = _BITS.astype('int32') if case == 'bits' else tiny.images(12)
    floats = _BITS if case == 'bits' else (integers / 255).astype('float32')
  found, expected = (
    _results(_compiled(make(), **_EAGER), x) for x in (integers, floats)
  )
  for name, value in found.items():
    np.testing.assert_allclose(value, expected[name], rtol=2e-6, err_msg=name)


def test_every_door_refuses_what_cannot_be_scored() -> None:
  masked = np.ma.masked_array(_BITS, _BITS > 0)
  for model, x, words in [
    (observed_models.model('count'), -np.ones([2, 4], 'int32'), 'to be counts'),
    (observed_models.model('circle'), np.full([2, 4], 90.0), r'\[-pi, pi\]'),
    (tiny.model(), masked, 'masked'),
    (tiny.model(), _BITS.astype(object), 'expected numbers'),
    (tiny.model(), _BITS.astype('complex64'), 'expected numbers'),
    (tiny.model(), 255 * _BITS, r'in \[0, 1\] \(pass pixel_range='),
  ]:
    _compiled(model, **_EAGER)
    doors: dict[str, Callable] = {
      name: getattr(model, name)
      for name in (
        *('fit', 'evaluate', 'predict', 'encode', 'reconstruct'),
        *('train_on_batch', 'test_on_batch', 'predict_on_batch'),
      )
    }
    doors |= {
      'validation': lambda x, m=model: m.fit(m_good(m), validation_data=x),
      'bound': lambda x, m=model: m.log_likelihood_bound(
        x, num_samples=2, seed=0
      ),
      'bounds': lambda x, m=model: evaluation.log_likelihood_bounds(m, x),
      'units': lambda x, m=model: evaluation.unit_variances(m, x, seed=0),
      'source': lambda x, m=model: diagnostics.model_source(m, x),
      'prepare': lambda x, m=model: m.prepare(x, seed=0),
    }
    before = tiny.trained_values(model)
    for name, door in doors.items():
      with pytest.raises(
        ValueError, match=f'Bad values in the .*{words}|no masks'
      ):
        door(x)
        pytest.fail(name)
    np.testing.assert_array_equal(tiny.trained_values(model), before)


def m_good(model: Any) -> np.ndarray:
  """Returns observations that a model can score."""
  return observed_models.GOOD[model.support].astype('float32')


_LATER: dict[str, tuple[str, np.ndarray, float]] = {
  'bits': ('binary', np.array([0, 1], 'uint8'), 7),
  'bytes': ('binary', np.array([0, 200], 'int32'), 256),
  'floats': ('binary', np.array([0, 1], 'float32'), np.nan),
  'count': ('count', np.array([0, 7], 'int32'), -1),
  'circle': ('circle', np.array([0, 3], 'float32'), 4.0),
  'positive': ('positive', np.array([1, 3], 'float32'), 0.0),
}


def _later(case: str, **options: Any) -> tuple[Any, np.ndarray, np.ndarray]:
  """Returns a model, good data, and data whose tenth example is bad."""
  support, first, later = _LATER[case]
  model = observed_models.model(support)
  model.compile(keras.optimizers.SGD(1e-4), **(options or _GRAPH))
  good = np.tile(first, (12, 2))
  bad = good.copy()
  bad[9, 2] = later
  return model, good, bad


@pytest.mark.parametrize(
  ('case', 'options'),
  [*((case, _GRAPH) for case in _LATER), ('bits', _JIT), ('count', _FIVE)],
)
def test_a_later_batch_that_contradicts_stops_training(
  case: str, options: dict[str, Any]
) -> None:
  model, _, bad = _later(case, **options)
  with pytest.raises(ValueError, match='data of training step 4: expected obs'):
    model.fit(_dataset(bad), verbose=0)


@pytest.mark.parametrize(
  ('case', 'options'), [('bits', _JIT), ('bytes', _GRAPH), ('count', _FIVE)]
)
def test_a_later_batch_that_contradicts_stops_an_evaluation(
  case: str, options: dict[str, Any]
) -> None:
  model, good, bad = _later(case, **options)
  where = 'in the batch that begins with example 8: expected observations'
  with pytest.raises(ValueError, match=where):
    model.evaluate(_dataset(bad), verbose=0)
  with pytest.raises(ValueError, match=where):
    model.fit(good, validation_data=_dataset(bad), batch_size=12, verbose=0)
  with pytest.raises(ValueError, match='bound of example 9 is nan'):
    model.predict(_dataset(bad), verbose=0)
  # Afterwards the model takes good data again.
  assert np.isfinite(model.evaluate(_dataset(good), verbose=0)).all()


@pytest.mark.parametrize('source', _STREAMS)
def test_a_bad_first_batch_stops_every_pass(source: str) -> None:
  make = _STREAMS[source]
  bad = _BITS.copy()
  bad[1, 2] = 2.0
  for name in ('fit', 'evaluate', 'predict'):
    model = _compiled(tiny.model())
    with pytest.raises(ValueError, match='Bad values in the (training )?data'):
      getattr(model, name)(make(bad), verbose=0)
  with pytest.raises(ValueError, match='Bad values in the validation data'):
    model.fit(make(_BITS), validation_data=make(bad), verbose=0)
  assert int(model.step) == 0


@pytest.mark.parametrize('source', _STREAMS)
def test_streams_lose_no_batch(source: str) -> None:
  model, make = _compiled(tiny.model(), **_EAGER), _STREAMS[source]
  expected = model.predict(_BITS, batch_size=2, verbose=0)
  assert expected.shape == (12,)
  found = model.predict(make(_BITS), verbose=0)
  np.testing.assert_allclose(found, expected, rtol=1e-6)
  loss, bound = model.evaluate(make(_BITS), verbose=0)
  np.testing.assert_allclose([loss, bound], [-found.mean(), found.mean()], 1e-5)
  history = model.fit(
    _BITS, validation_data=make(_BITS), verbose=0, batch_size=12
  ).history
  expected = model.evaluate(_BITS, batch_size=2, verbose=0)
  np.testing.assert_allclose(history['val_loss'][0], expected[0], rtol=1e-5)


@pytest.mark.parametrize(
  'empty',
  [
    *(np.zeros([0, 4]), _dataset(_BITS[:0]), _Sequence(_BITS[:0])),
    _generator(_BITS[:0]),
  ],
)
def test_no_data_are_an_error(empty: Any) -> None:
  model = _compiled(tiny.model())
  for name in ('fit', 'evaluate', 'predict'):
    data = (
      _generator(_BITS[:0]) if isinstance(empty, types.GeneratorType) else empty
    )
    with pytest.raises(ValueError, match='Expected (one|a stream)'):
      getattr(model, name)(data, verbose=0)


@pytest.mark.parametrize('options', [_EAGER, _GRAPH, _FIVE, _JIT])
def test_every_batch_of_predict_has_noise_of_its_own(
  options: dict[str, Any],
) -> None:
  x = np.tile(tiny.images(2), (6, 1))
  model = _compiled(tiny.model(dtype='float64'), **options)
  found = model.predict(x, batch_size=2, verbose=0)
  for row in range(2):  # as equal examples of one batch have
    assert len(set(found[row::2])) >= 4
  again = model.predict(_dataset(x), verbose=0)
  np.testing.assert_array_equal(again, found)
  np.testing.assert_array_equal(model.predict_on_batch(x[:2]), found[:2])
  # In every mode the seed of a batch is the number of examples before.
  start = random.fold_in(0, random.Salt.EVALUATION)
  expected = [
    model.surrogate(x[at : at + 2], seed=random.fold_in(start, at)).bound
    for at in range(0, 12, 2)
  ]
  np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-12)


def test_a_bound_that_is_not_finite_is_seen() -> None:
  model = _compiled(tiny.model())
  good = model.get_weights()
  spoilt = [np.full_like(w, np.nan) if w.ndim == 2 else w for w in good]
  model.set_weights(spoilt)
  for name in ('evaluate', 'predict'):
    with pytest.raises(ValueError, match=r'values of .*kernel are not finite'):
      getattr(model, name)(_BITS, verbose=0)
  for name in ('train_on_batch', 'test_on_batch', 'predict_on_batch'):
    with pytest.raises(ValueError, match='finite'):
      getattr(model, name)(_BITS)
  model.set_weights(good)
  assert np.isfinite(model.train_on_batch(_BITS)).all()
  assert np.isfinite(model.test_on_batch(_BITS)).all()
  assert np.isfinite(model.predict_on_batch(_BITS)).all()
  assert int(model.step) == 1


def test_batches_build_the_model_and_refuse_weights() -> None:
  for name in ('train_on_batch', 'test_on_batch', 'predict_on_batch'):
    model = _compiled(tiny.model(built=False), **_EAGER)
    assert np.isfinite(getattr(model, name)(tiny.images(3))).all()
    assert model.decided_pixel_range == (0, 255)
  with pytest.raises(ValueError, match='takes no sample_weight'):
    model.train_on_batch(_BITS, sample_weight=np.ones(12))


def test_a_compiled_step_of_your_own_looks_at_a_constant() -> None:
  model = _compiled(tiny.model())
  x = tf.constant(tiny.images(4))

  @tf.function
  def step() -> None:
    model.train_step(x)

  step()
  assert (int(model.step), model.decided_pixel_range) == (1, (0, 255))
  other = _compiled(tiny.model())
  with pytest.raises(ValueError, match='may be bits or pixels'):
    tf.function(other.train_step)(x)
