"""The Keras model of a run of binary latent variables."""

from __future__ import annotations

import keras

from experiments.binary import networks
from experiments.binary import settings as settings_lib
from experiments.data import datasets
from tf_mco import models


def make(
  settings: settings_lib.Settings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run."""
  keras.utils.set_random_seed(settings.seed)
  mean = images.train.mean(axis=0) / 255
  parts = networks.binary(
    mean,
    architecture=settings.architecture,
    num_layers=settings.num_layers,
    units=settings.units,
    hidden_units=settings.hidden_units,
    centre=settings.demean_input,
    initialize_with_bias=settings.initialize_with_bias,
  )
  model = models.LatentVariableModel(
    parts.encoder,
    parts.decoder,
    parts.prior,
    settings.make_estimator(),
    # Fixed binary data are 0 or 255, which every draw leaves as they are.
    binarization='dynamic',
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
