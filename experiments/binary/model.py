"""The Keras model of a run of binary latent variables."""

from __future__ import annotations

import keras

from experiments.binary import networks
from experiments.binary import settings as binary_settings
from experiments.data import datasets
from tf_mco import models


def make(
  settings: binary_settings.BinarySettings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run."""
  keras.utils.set_random_seed(settings.seed)
  mean = images.train.mean(axis=0) / 255
  networks_of_model = networks.binary(
    mean,
    architecture=settings.architecture,
    num_layers=settings.num_layers,
    units=settings.units,
    hidden_units=settings.hidden_units,
    centre=settings.demean_input,
    initialize_with_bias=settings.initialize_with_bias,
  )
  model = models.LatentVariableModel(
    networks_of_model.encoder,
    networks_of_model.decoder,
    networks_of_model.prior,
    settings.make_estimator(),
    # Fixed binary data are 0 or 255, and every draw leaves them as they are.
    binarization='dynamic',
    pixel_range=(0, 255),
    seed=settings.seed,
  )
  adam = keras.optimizers.Adam
  model.compile(
    optimizer={
      'encoder': adam(settings.encoder_learning_rate),
      'decoder': adam(settings.decoder_learning_rate),
      'prior': keras.optimizers.SGD(settings.prior_learning_rate),
    },
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.build((None, images.train.shape[1]))
  model.optimizer.build(model.trainable_variables)
  return model
