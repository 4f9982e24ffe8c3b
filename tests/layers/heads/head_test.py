"""The base classes of heads, as a user derives a head of his own."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import layers
from tf_mco import models
from tf_mco._tfp import tfd
from tf_mco.layers.heads import head as head_lib


class UnitGaussian(layers.Head):
  """A Gaussian of scale one around the features."""

  def call(self, features: tf.Tensor) -> tf.Tensor:
    """Returns the features."""
    return features

  def distribution(self, parameters: tf.Tensor) -> tfd.Distribution:
    """Returns the Gaussian."""
    return tfd.Independent(tfd.Normal(parameters, 1.0), 1)


def test_a_head_needs_a_distribution() -> None:
  class Lame(layers.Head):
    """A head without a distribution."""

  with pytest.raises(TypeError, match='distribution'):
    Lame()


@pytest.mark.parametrize(
  ('dtype', 'expected'),
  [
    ('float64', 'float64'),
    ('float32', 'float32'),
    ('bfloat16', 'float32'),
    ('float16', 'float32'),
  ],
)
def test_full_precision(dtype: str, expected: str) -> None:
  assert head_lib.full_precision(dtype) == expected


def test_a_model_trains_with_a_head_of_ones_own() -> None:
  """The gradient of the density reaches the network before the head."""
  dense = keras.layers.Dense(3, kernel_initializer='zeros')
  model = models.LatentVariableModel(
    (dense, UnitGaussian()),
    tiny.parts()['decoder'],
    layers.GaussianPrior(3),
    'elbo',
    binarization='none',
  )
  model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
  model.fit(tiny.images(8), batch_size=8, verbose=0)
  assert np.abs(dense.kernel).max() > 1e-4
  assert model.describe_fault() == ''
