"""Tests of how a model reads observations, and of what it remembers."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tests.support import tiny
import tf_mco

_INTEGERS = ('uint8', 'int32', 'int64')
_BITS = tiny.binary_images(6)


def _prepare(model: Any, x: Any) -> np.ndarray:
  return model.prepare(x, seed=3).numpy()


@pytest.mark.parametrize('binarization', ['auto', 'none'])
@pytest.mark.parametrize('dtype', [*_INTEGERS, 'bool'])
def test_bits_are_bits_in_every_dtype(dtype: str, binarization: str) -> None:
  model = tiny.model(binarization=binarization)
  np.testing.assert_array_equal(_prepare(model, _BITS.astype(dtype)), _BITS)
  assert model.decided_pixel_range == (None if dtype == 'bool' else (0, 1))


@pytest.mark.parametrize('dtype', _INTEGERS)
def test_bytes_are_pixels_in_every_dtype(dtype: str) -> None:
  model = tiny.model(binarization='none')
  x = tiny.images(6)
  np.testing.assert_allclose(
    _prepare(model, x.astype(dtype)), x / 255, rtol=1e-6
  )
  assert model.decided_pixel_range == (0, 255)
  # A dark image, later, has no value above 2.
  dark = (x[:1] > 300).astype(dtype) + 2
  np.testing.assert_allclose(_prepare(model, dark), 2 / 255, rtol=1e-6)


@pytest.mark.parametrize('dtype', _INTEGERS)
@pytest.mark.parametrize('support', ['count', 'real', 'positive'])
def test_counts_and_measurements_are_never_scaled(
  support: str, dtype: str
) -> None:
  model = observed_models.model(support)
  x = np.array([[1, 2, 100, 255]], dtype)
  np.testing.assert_array_equal(_prepare(model, x), x.astype('float32'))
  np.testing.assert_array_equal(model.objective.read(x), x.astype('float32'))
  assert model.decided_pixel_range is None
  # Half of an unsigned byte, and the bound of both, as floating numbers have.
  found, expected = (
    model.surrogate(y, seed=1).bound for y in (x, x.astype('float32'))
  )
  np.testing.assert_array_equal(found, expected)


def test_word_counts_as_integers_have_the_bound_of_floats() -> None:
  model = tf_mco.models.LatentVariableModel(
    keras.Sequential([keras.Input((6,)), tf_mco.layers.DirichletPosterior(2)]),
    tf_mco.layers.BagOfWordsLikelihood(6),
    tf_mco.layers.DirichletPrior(2),
    'elbo',
  )
  model.build((None, 6))
  x = np.array([[0, 3, 1, 0, 300, 1]])
  bounds = [
    model.log_likelihood_bound(x.astype(dtype), num_samples=3, seed=1)
    for dtype in ('float32', 'int32', 'int64')
  ]
  for bound in bounds[1:]:
    np.testing.assert_array_equal(bound, bounds[0])
  assert float(bounds[0][0]) < -100
  with pytest.raises(ValueError, match='to be counts'):
    model.log_likelihood_bound(-x, num_samples=3, seed=1)


def test_what_contradicts_the_first_integers_is_an_error() -> None:
  model = tiny.model()
  for bad in (300, -1):
    with pytest.raises(ValueError, match='pixels in 0..255'):
      _prepare(model, np.full([1, 4], bad))
  assert model.decided_pixel_range is None  # bad values decide nothing
  model.check_observations(_BITS.astype('uint8'))
  with pytest.raises(ValueError, match=r'were bits \(pass pixel_range=\(0, 25'):
    _prepare(model, tiny.images(2))
  with pytest.raises(ValueError, match=r'floating pixels in \[0, 1\]'):
    _prepare(model, tiny.images(2).astype('float32'))
  grey = np.full([1, 4], 0.5)
  assert set(np.unique(_prepare(model, grey))) <= {0.0, 1.0}
  assert model.decided_pixel_range == (0, 1)
  assert 'were bits' in model.expected_observations()


def test_bits_after_bytes_are_an_error() -> None:
  """Bits that were divided by 255 would be pixels that are nearly black."""
  model = tiny.model()
  model.check_observations(tiny.images(2))
  model.check_observations(np.zeros([2, 4], 'uint8'))  # black images
  with pytest.raises(ValueError, match='were bytes of pixels.*these are bits'):
    model.check_observations(_BITS.astype('uint8'))
  model.check_observations(_BITS.astype('float32'))
  model = tiny.model(pixel_range=(0, 255))
  model.check_observations(_BITS.astype('uint8'))


def test_black_integers_come_first() -> None:
  model = tiny.model()
  model.check_observations(np.zeros([2, 4], 'uint8'))
  with pytest.raises(ValueError, match=r'pass pixel_range=\(0, 255\)'):
    model.check_observations(tiny.images(2))
  model = tiny.model(pixel_range=(0, 255))
  model.check_observations(np.zeros([2, 4], 'uint8'))
  model.check_observations(tiny.images(2))


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('dtype', ['uint8', 'int32', 'float32'])
def test_a_range_of_the_user_holds_for_every_dtype(
  dtype: str, jit: bool
) -> None:
  x = np.tile([[0, 255, 51, 204]], (20_000, 1)).astype(dtype)
  model = tiny.model(pixel_range=(0, 255), dtype='float64')

  @tf.function(jit_compile=jit)
  def prepare(x: tf.Tensor) -> tf.Tensor:
    return model.prepare(x, seed=3)

  mean = prepare(x).numpy().mean(0)
  assert mean[:2].tolist() == [0, 1]
  # Four standard deviations: a false alarm in 8,000 changes of the seed.
  assert np.all(np.abs(mean[2:] - [0.2, 0.8]) < 4 * np.sqrt(0.16 / 20_000))


def test_without_a_range_values_are_taken_as_they_are() -> None:
  model = tiny.model(pixel_range=None, binarization='none')
  for dtype in ('bool', 'uint8', 'int32', 'float32'):
    x = _BITS.astype(dtype)
    np.testing.assert_array_equal(_prepare(model, x), _BITS)
  with pytest.raises(ValueError, match=r'values in \[0, 1\]'):
    _prepare(model, tiny.images(2))


@pytest.mark.parametrize('pixel_range', ['auto', None, (0, 255), (10, 20)])
@pytest.mark.parametrize('binarization', ['auto', 'none'])
def test_booleans_are_bits_whatever_white_is(
  binarization: str, pixel_range: Any
) -> None:
  model = tiny.model(pixel_range=pixel_range, binarization=binarization)
  np.testing.assert_array_equal(_prepare(model, _BITS > 0), _BITS)


def test_a_compiled_function_cannot_decide() -> None:
  model = tiny.model()
  x = tf.constant(tiny.images(4))

  def prepare(x: tf.Tensor) -> tf.Tensor:
    return model.prepare(x, seed=3)

  with pytest.raises(ValueError, match='may be bits or pixels'):
    tf.function(prepare)(x)
  model.check_observations(x)
  found = tf.function(prepare)(x).numpy()
  np.testing.assert_array_equal(found, _prepare(model, x))


def test_results_of_prepare_are_not_prepared_again() -> None:
  model = tiny.model(pixel_range=(0, 255), binarization='none')
  x = tiny.images(4)
  data_seed = tf_mco.random.split(7, 2)[0]
  prepared = model.prepare(x, seed=data_seed)
  found = model.surrogate(prepared, prepared=True, seed=7).bound
  np.testing.assert_array_equal(found, model.surrogate(x, seed=7).bound)
  batch = model.encode_batch(prepared, prepared=True, seed=0)
  expected = model.encode_batch(x, seed=0)
  np.testing.assert_array_equal(
    batch.first_posterior.mean(), expected.first_posterior.mean()
  )
  source = tf_mco.diagnostics.model_source(model, x)
  loss = source.loss(tf.constant([1, 2]))
  other = tf_mco.diagnostics.model_source(model, x, include_data_noise=True)
  np.testing.assert_array_equal(loss, other.loss(tf.constant([1, 2])))


def test_dynamic_binarization_needs_bits() -> None:
  for support in ('unit_interval', 'real', 'count'):
    with pytest.raises(ValueError, match="`binarization='dynamic'` needs"):
      observed_models.model(support, binarization='dynamic')


# TensorFlow itself raises an error for a class that does not exist.
@pytest.mark.parametrize(
  'support', sorted({*observed_models.GOOD} - {'categorical'})
)
def test_rows_that_cannot_be_scored_are_nan(support: str) -> None:
  model = observed_models.model(support)
  call = tf.function(
    model.call, input_signature=[tf.TensorSpec([None, None], 'float32')]
  )
  for bad in observed_models.BAD[support]:
    x = observed_models.spoilt(support, bad).astype('float32')
    assert np.isnan(call(x)).tolist() == [True, False, False]
    with pytest.raises(ValueError, match='Bad values'):
      model(x)


@pytest.mark.parametrize('first', ['bits', 'bytes'])
def test_the_decision_is_saved(first: str, tmp_path: pathlib.Path) -> None:
  x = _BITS.astype('uint8') if first == 'bits' else tiny.images(6)
  model = tiny.model(binarization='none')
  model.compile('sgd', jit_compile=False)
  model.fit(x, verbose=0)
  model.save(tmp_path / 'model.keras')
  loaded = keras.models.load_model(tmp_path / 'model.keras')
  decided = {'bits': (0, 1), 'bytes': (0, 255)}[first]
  assert model.decided_pixel_range == loaded.decided_pixel_range == decided
  assert loaded.pixel_range == 'auto'
  for one in (model, loaded):
    np.testing.assert_array_equal(_prepare(one, x), _prepare(model, x))
  if first == 'bits':
    with pytest.raises(ValueError, match='were bits'):
      loaded.encode(tiny.images(2))
  else:
    with pytest.raises(ValueError, match='were bytes'):
      loaded.encode(_BITS.astype('uint8'))


def test_files_of_earlier_versions_load() -> None:
  model = tiny.model(pixel_range=(0, 7))
  for made in (model, model.objective):
    config = json.loads(json.dumps(made.get_config()))
    again = type(made).from_config(config)
    assert again.pixel_range == (0, 7)
    del config['pixel_range'], config['decided_pixel_range']
    old = type(made).from_config(config)
    assert (old.pixel_range, old.decided_pixel_range) == ('auto', None)
