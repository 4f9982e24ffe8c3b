"""The Keras model of a run of non-Gaussian latent variables."""

from __future__ import annotations

import keras

from experiments.data import datasets
from experiments.implicit_vae import latent_families
from experiments.implicit_vae import settings as implicit_settings
from tf_mco import layers
from tf_mco import models


def make(
  settings: implicit_settings.ImplicitVaeSettings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run."""
  keras.utils.set_random_seed(settings.seed)
  family = latent_families.FAMILIES[settings.latent]
  mean = images.train.mean(axis=0) / 255
  model = models.LatentVariableModel(
    _network(
      keras.layers.Rescaling(1.0, offset=(-mean).tolist()),
      settings.hidden_units,
      family.posterior(settings.units),
    ),
    _network(
      family.features(),
      settings.hidden_units,
      layers.BernoulliLikelihood(mean.size, mean=mean),
    ),
    family.prior(settings.units),
    settings.make_estimator(),
    # Fixed binary data are 0 or 255, and every draw leaves them as they are.
    binarization='dynamic',
    pixel_range=(0, 255),
    seed=settings.seed,
  )
  model.compile(
    keras.optimizers.Adam(settings.learning_rate),
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.build((None, mean.size))
  model.optimizer.build(model.trainable_variables)
  return model


def _network(
  first: keras.layers.Layer, width: int, last: keras.layers.Layer
) -> keras.Sequential:
  """Returns two hidden layers between a first and a last layer."""
  hidden = [keras.layers.Dense(width, activation='tanh') for _ in range(2)]
  return keras.Sequential([first, *hidden, last])
