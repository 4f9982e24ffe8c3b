"""What the tests of diagnostics train and measure: 6 pixels, 3 latents."""

import keras
import numpy as np
import tensorflow as tf

import tf_mco

IMAGES = np.random.default_rng(1).integers(0, 256, (40, 6), dtype=np.uint8)
BATCHES = tf.data.Dataset.from_tensor_slices(IMAGES).batch(4)


def make(*hidden: keras.layers.Layer) -> tf_mco.models.LatentVariableModel:
  """Returns a built model with DisARM, and hidden layers in its encoder."""
  keras.utils.set_random_seed(0)
  layers = tf_mco.layers
  model = tf_mco.models.LatentVariableModel(
    keras.Sequential(
      [keras.Input((6,)), *hidden, layers.BernoulliPosterior(3)]
    ),
    keras.Sequential([keras.Input((3,)), layers.BernoulliLikelihood(6)]),
    layers.BernoulliPrior(3),
    'disarm',
    seed=5,
  )
  model.build((None, 6))
  return model


def compiled(**options) -> tf_mco.models.LatentVariableModel:
  """Returns a model that is ready to train."""
  model = make()
  model.compile(keras.optimizers.Adam(0.05), **options)
  model.optimizer.build(model.trainable_variables)
  return model
