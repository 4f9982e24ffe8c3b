"""Tests of how encoders and decoders are read."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers
from tf_mco.layers.objective import conditional as conditional_lib

_X = np.random.default_rng(0).normal(size=(6, 4)).astype('float32')


def _head() -> layers.BernoulliPosterior:
  return layers.BernoulliPosterior(3, bias_initializer='ones')


def _functional(head: keras.layers.Layer) -> keras.Model:
  inputs = keras.Input((4,))
  return keras.Model(inputs, head(keras.layers.Dense(5)(inputs)))


class _Subclass(keras.Model):
  """A model without a last layer to look at."""

  def call(self, inputs: Any) -> Any:
    """Returns the inputs."""
    return inputs


def _ends_in_dense() -> keras.Model:
  inputs = keras.Input((4,))
  return keras.Model(inputs, keras.layers.Dense(3)(_head()(inputs)))


def _two_deep(head: keras.layers.Layer) -> keras.Model:
  return keras.Sequential([keras.layers.Dense(4), _functional(head)])


def _nested_functional(head: keras.layers.Layer) -> keras.Model:
  inputs = keras.Input((4,))
  return keras.Model(inputs, _functional(head)(inputs))


@pytest.mark.parametrize(
  'wrap',
  [
    lambda head: keras.Sequential([keras.layers.Dense(5), head]),
    _functional,
    _nested_functional,
    _two_deep,
  ],
)
def test_the_head_of_a_model_is_found_however_deep(wrap: Any) -> None:
  head = _head()
  network = wrap(head)
  (stage,) = conditional_lib.parse('encoder', network)
  assert stage.head is head
  np.testing.assert_array_equal(stage.parameters(_X), network(_X))


def test_a_head_alone_and_a_pair() -> None:
  head, network = _head(), keras.layers.Dense(5)
  (alone,) = conditional_lib.parse('encoder', head)
  np.testing.assert_array_equal(alone.parameters(_X), head(_X))
  head = _head()
  (pair,) = conditional_lib.parse('encoder', (network, head))
  np.testing.assert_array_equal(pair.parameters(_X), head(network(_X)))
  assert conditional_lib.layers((network, head)) == [network, head]


def test_a_list_keeps_its_order() -> None:
  first, second, network = _head(), _head(), keras.layers.Dense(5)
  spec = [first, (network, second)]
  parsed = conditional_lib.parse('encoder', spec)
  assert [stage.head for stage in parsed] == [first, second]
  assert conditional_lib.layers(spec) == [first, network, second]


@pytest.mark.parametrize(
  'spec',
  [
    None,
    'disarm',
    keras.layers.Dense(3),
    keras.Sequential([keras.layers.Dense(3)]),
    keras.Sequential([]),
    _Subclass(),
    _ends_in_dense(),
    (keras.layers.Dense(3), keras.layers.Dense(3)),
    (keras.layers.Dense(3), layers.BernoulliPosterior(3), 1),
    [layers.BernoulliPosterior(3), keras.layers.Dense(3)],
    [],
  ],
)
def test_anything_else_is_an_error_that_names_the_argument(spec: Any) -> None:
  with pytest.raises(ValueError, match='`decoder`'):
    conditional_lib.parse('decoder', spec)


@pytest.mark.parametrize('static', [True, False])
def test_networks_see_samples_of_examples_as_one_batch(static: bool) -> None:
  recorder, head = tiny.Recorder(), _head()
  (stage,) = conditional_lib.parse('decoder', (recorder, head))
  z = np.random.default_rng(1).normal(size=(2, 6, 4)).astype('float32')
  if static:
    distribution = stage.distribution(tf.constant(z))
    assert distribution.batch_shape == (2, 6)
    logits = distribution.distribution.logits
  else:
    spec = tf.TensorSpec([2, None, 4], tf.float32)

    @tf.function(input_signature=[spec])
    def compiled(z: tf.Tensor) -> tf.Tensor:
      distribution = stage.distribution(z)
      assert distribution.batch_shape.as_list() == [2, None]
      return distribution.distribution.logits

    logits = compiled(z)
  assert recorder.shapes[-1][1:] == (4,)
  assert recorder.shapes[-1][0] == (12 if static else None)
  for k in range(2):
    np.testing.assert_allclose(logits[k], head(z[k]), rtol=1e-6)


def test_networks_see_images_as_images() -> None:
  recorder = tiny.Recorder()
  (stage,) = conditional_lib.parse(
    'decoder', (recorder, layers.BernoulliLikelihood())
  )
  z = tf.random.stateless_normal([2, 3, 5, 5, 1], [0, 1])
  distribution = stage.distribution(z)
  assert recorder.shapes[-1] == (6, 5, 5, 1)
  assert distribution.batch_shape == (2, 3)
  assert distribution.event_shape == (5, 5, 1)


def test_training_reaches_the_network() -> None:
  (stage,) = conditional_lib.parse(
    'encoder', (keras.layers.Dropout(0.5), _head())
  )
  stage.parameters(_X)
  kept, dropped = (
    stage.parameters(_X, training=training) for training in (False, True)
  )
  np.testing.assert_array_equal(kept, stage.head(_X))
  assert np.abs(kept - dropped).max() > 0.1


@pytest.mark.parametrize('chain', [False, True])
def test_configuration_keeps_the_structure(chain: bool) -> None:
  spec: Any = (keras.layers.Dense(5, name='a'), _head())
  if chain:
    spec = [spec, _functional(_head()), _head()]
  again = conditional_lib.specs_from_config(conditional_lib.specs_config(spec))
  assert isinstance(again, list) == chain
  assert conditional_lib.specs_config(again) == conditional_lib.specs_config(
    spec
  )
  assert len(conditional_lib.layers(again)) == len(conditional_lib.layers(spec))
  assert [s.joined for s in conditional_lib.parse('encoder', again)] == [
    s.joined for s in conditional_lib.parse('encoder', spec)
  ]
