"""Tests of fit, evaluate and predict: what they compute, and in every mode."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import models

_BATCH = 4


def _dataset(x: np.ndarray) -> tf.data.Dataset:
  return tf.data.Dataset.from_tensor_slices(x).batch(_BATCH)


@pytest.fixture(scope='module')
def from_array() -> keras.Model:
  """Returns a model that was fitted to an array."""
  model = tiny.model(built=False)
  model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
  model.fit(tiny.images(12), batch_size=_BATCH, shuffle=False, verbose=0)
  return model


def test_evaluate_repeats_itself_and_reports_bounds() -> None:
  # ELBO <= log p(x): on average over 2,000 draws of the same binary images.
  model = tiny.model('reinforce')
  model.compile(jit_compile=False)
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
    model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
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
    ('disarm', 2, [{'jit_compile': False, 'steps_per_execution': 5}]),
    ('vimco', 1, [_JIT_AND_FIVE]),
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
  model.compile(run_eagerly=True)
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
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    history = model.fit(x, epochs=3, shuffle=False, verbose=0).history
    bounds.append(history['bound'])
  assert bounds[0] == bounds[1]
  assert len(set(bounds[0] + bounds[2])) == 6


def test_a_bad_pixel_late_in_data_to_evaluate_is_not_lost() -> None:
  model, x = tiny.model(), tiny.images(12, dtype='float32')
  model.compile(run_eagerly=True)
  assert np.isfinite(model.evaluate(_dataset(x), verbose=0)).all()
  x[9, 1] = np.nan
  for method in (model.evaluate, model.predict):
    try:
      result = method(_dataset(x), verbose=0)
    except ValueError as error:
      assert 'Bad values' in str(error)
    else:
      assert np.isnan(result).any()


def _with_encoder(network: Any, **options: Any) -> models.LatentVariableModel:
  parts = {**tiny.parts(), 'encoder': (network, tiny.parts()['encoder'])}
  return models.LatentVariableModel(**parts, estimator='disarm', **options)


def test_weight_regularizers_are_added_to_the_loss_once() -> None:
  dense = keras.layers.Dense(
    5, kernel_initializer='ones', kernel_regularizer=keras.regularizers.L2(0.7)
  )
  model = _with_encoder(dense)
  model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
  start = 4 * 5
  history = model.fit(tiny.images(4), epochs=1, verbose=0).history
  penalty = history['loss'][0] + history['bound'][0]
  assert penalty == pytest.approx(0.7 * start, rel=1e-5)


def test_weight_regularizers_reach_the_gradient() -> None:
  trained = {}
  for factor in (0.0, 0.7):
    dense = keras.layers.Dense(
      5,
      kernel_initializer='ones',
      kernel_regularizer=keras.regularizers.L2(factor),
    )
    model = _with_encoder(dense)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    model.fit(tiny.images(4), shuffle=False, verbose=0)
    trained[factor] = np.asarray(dense.kernel)
  # d(0.7 w^2) / dw = 1.4 at w = 1, times the learning rate.
  np.testing.assert_allclose(trained[0.0] - trained[0.7], 0.14, rtol=1e-4)


def test_activity_regularizers_are_those_of_the_present_batch() -> None:
  dense = keras.layers.Dense(
    3,
    kernel_initializer='ones',
    activity_regularizer=keras.regularizers.L1(1.0),
  )
  model = _with_encoder(dense, binarization='none')
  model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
  x = tiny.images(6, dtype='float32')  # a last batch of another size
  for _ in range(2):
    history = model.fit(x, batch_size=4, shuffle=False, verbose=0).history
    penalty = history['loss'][0] + history['bound'][0]
    assert penalty == pytest.approx(3 * x.sum() / 6, rel=1e-4)


@pytest.mark.parametrize('binarization', ['auto', 'none'])
def test_pixels_are_drawn_anew_at_every_visit(binarization: str) -> None:
  recorder = tiny.Recorder()
  model = _with_encoder(recorder, binarization=binarization)
  model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
  x = tiny.images(8, seed=3)
  x[:, 0], x[:, 1] = 0, 255
  recorder.values.clear()
  model.build((None, tiny.PIXELS))
  recorder.values.clear()
  model.fit(x, batch_size=8, epochs=4, shuffle=False, verbose=0)
  visits = recorder.values
  assert [v.shape for v in visits] == [(8, tiny.PIXELS)] * 4
  for visit in visits:
    if binarization == 'none':
      np.testing.assert_allclose(visit, x / 255, rtol=1e-6)
    else:
      assert set(np.unique(visit)) == {0.0, 1.0}
      assert visit[:, :2].tolist() == [[0, 1]] * 8
  if binarization == 'auto':
    assert len(np.unique(visits, axis=0)) == 4


@pytest.mark.parametrize('option', ['loss', 'metrics', 'weighted_metrics'])
def test_compile_refuses_a_loss_and_metrics(option: str) -> None:
  with pytest.raises(ValueError, match=f"objective's own.*{option}"):
    tiny.model().compile('adam', **{option: ['mse']})
