"""Variables that no gradient reaches are named."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import models


def _with_encoder(network: Any, **options: Any) -> models.LatentVariableModel:
  parts = {**tiny.parts(), 'encoder': (network, tiny.parts()['encoder'])}
  return models.LatentVariableModel(**parts, estimator='disarm', **options)


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
    model.compile('adam', run_eagerly=True)
    model.fit(x, verbose=0)


class _Cut(keras.layers.Layer):
  """Stops the gradient."""

  def call(self, inputs: Any) -> Any:
    """Returns the inputs."""
    return tf.stop_gradient(inputs)


def test_a_stopped_gradient_names_the_variables_behind_it() -> None:
  network = keras.Sequential([keras.layers.Dense(5, name='behind'), _Cut()])
  model = _with_encoder(network)
  model.compile('adam', jit_compile=False)
  with pytest.raises(ValueError, match='No gradient .*behind/kernel'):
    model.fit(tiny.images(4), verbose=0)
