"""Tests of what a training step does, and of what `fit` refuses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import models


def _with_encoder(network: Any, **options: Any) -> models.LatentVariableModel:
  parts = {**tiny.parts(), 'encoder': (network, tiny.parts()['encoder'])}
  return models.LatentVariableModel(**parts, estimator='disarm', **options)


def test_weight_regularizers_are_added_to_the_loss_once() -> None:
  dense = keras.layers.Dense(
    5, kernel_initializer='ones', kernel_regularizer=keras.regularizers.L2(0.7)
  )
  model = _with_encoder(dense)
  model.compile(keras.optimizers.SGD(0.01))
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
    model.compile(keras.optimizers.SGD(0.1))
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
  model.compile(keras.optimizers.SGD(0.0))
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


class _Unused(keras.layers.Layer):
  """A network with a layer that it does not call."""

  def __init__(self) -> None:
    super().__init__(name='network')
    self.used = keras.layers.Dense(5)
    self.extra = keras.layers.Dense(3, name='superfluous')

  def build(self, shape: Any) -> None:
    """Makes the weights of both."""
    self.used.build(shape)
    self.extra.build(shape)

  def call(self, inputs: Any) -> Any:
    """Calls one."""
    return self.used(inputs)


@pytest.mark.parametrize('jit', [False, True])
def test_a_variable_without_a_gradient_is_named(jit: bool) -> None:
  network = _Unused()
  model = _with_encoder(network)
  model.compile('adam', jit_compile=jit)
  x = tiny.images(4)
  with pytest.raises(ValueError, match='No gradient .*superfluous/kernel'):
    model.fit(x, verbose=0)
  if not jit:  # what is not to be trained needs no gradient
    network.extra.trainable = False
    model = _with_encoder(network)
    model.compile('adam')
    model.fit(x, verbose=0)


class _Cut(keras.layers.Layer):
  """Stops the gradient."""

  def call(self, inputs: Any) -> Any:
    """Returns the inputs."""
    return tf.stop_gradient(inputs)


def test_a_stopped_gradient_names_the_variables_behind_it() -> None:
  network = keras.Sequential([keras.layers.Dense(5, name='behind'), _Cut()])
  model = _with_encoder(network)
  model.compile('adam')
  with pytest.raises(ValueError, match='No gradient .*behind/kernel'):
    model.fit(tiny.images(4), verbose=0)


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


@pytest.mark.parametrize('option', ['loss', 'metrics', 'weighted_metrics'])
def test_compile_refuses_a_loss_and_metrics(option: str) -> None:
  with pytest.raises(ValueError, match=f"objective's own.*{option}"):
    tiny.model().compile('adam', **{option: ['mse']})


def test_a_dictionary_of_images_is_refused() -> None:
  model = tiny.model()
  model.compile()
  with pytest.raises(ValueError, match='one tensor of observations'):
    model.fit({'x': tiny.images(4)}, verbose=0)
