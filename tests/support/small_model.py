"""The model that the tests of diagnostics train: 6 pixels, 3 latents."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

import tf_mco

IMAGES = np.random.default_rng(1).integers(0, 256, (40, 6), dtype=np.uint8)
BATCHES = tf.data.Dataset.from_tensor_slices(IMAGES).batch(4)


def make(
  *hidden: keras.layers.Layer, dtype: str = 'float32'
) -> tf_mco.models.LatentVariableModel:
  """Returns a built model with DisARM, and hidden layers in its encoder.

  Two programs round differently. What compares them is to ask for float64: in
  float32 a binary sample may flip by it, on one processor and not on another.
  """
  keras.utils.set_random_seed(0)
  layers = tf_mco.layers
  model = tf_mco.models.LatentVariableModel(
    keras.Sequential(
      [keras.Input((6,)), *hidden, layers.BernoulliPosterior(3, dtype=dtype)]
    ),
    keras.Sequential(
      [keras.Input((3,)), layers.BernoulliLikelihood(6, dtype=dtype)]
    ),
    layers.BernoulliPrior(3, dtype=dtype),
    'disarm',
    seed=5,
    dtype=dtype,
  )
  model.build((None, 6))
  return model


def compiled(
  *, dtype: str = 'float32', **options
) -> tf_mco.models.LatentVariableModel:
  """Returns a model that is ready to train, without XLA by default."""
  options = {'jit_compile': False, **options}
  model = make(dtype=dtype)
  model.compile(keras.optimizers.Adam(0.05), **options)
  model.optimizer.build(model.trainable_variables)
  return model
