"""The Keras model of a run of the Hamiltonian VAE, and its data."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from experiments.data import datasets
from experiments.hvae import networks as hvae_networks
from experiments.hvae import optimizer as hvae_optimizer
from experiments.hvae import settings as hvae_settings
from tf_mco import layers
from tf_mco import models

_OPTIMIZERS: dict[str, Callable[[float], keras.optimizers.Optimizer]] = {
  'original': hvae_optimizer.PlainAdamax,
  'adamax': keras.optimizers.Adamax,
  'adam': keras.optimizers.Adam,
}


def make(
  settings: hvae_settings.HvaeSettings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run.

  Without leapfrog steps the model is the plain VAE, whose divergence has a
  closed form.
  """
  keras.utils.set_random_seed(settings.seed)
  shape, units = images.image_shape, settings.units
  network, head = hvae_networks.encoder(
    shape, units, settings.hidden_units, initializer=settings.initializer
  )
  decoder = hvae_networks.decoder(
    shape,
    units,
    settings.hidden_units,
    bias=hvae_networks.mean_logit(images.train),
    initializer=settings.initializer,
  )
  model = models.LatentVariableModel(
    (network, _posterior(settings, head)),
    decoder,
    layers.GaussianPrior(units),
    settings.make_estimator(),
    # Fixed binary data are 0 or 255, and every draw leaves them as they are.
    binarization='dynamic',
    pixel_range=(0, 255),
    analytic_kl=settings.control_variate or not settings.leapfrog_steps,
    seed=settings.seed,
  )
  model.compile(
    _OPTIMIZERS[settings.optimizer](settings.learning_rate),
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.build((None, images.train.shape[1]))
  model.optimizer.build(model.trainable_variables)
  return model


def _posterior(
  settings: hvae_settings.HvaeSettings, head: layers.GaussianPosterior
) -> keras.layers.Layer:
  """Returns the head of q(z | x): the given one, or a Hamiltonian on top."""
  if not settings.leapfrog_steps:
    return head
  return layers.HamiltonianPosterior(
    head,
    settings.leapfrog_steps,
    step_size=settings.step_size,
    max_step_size=settings.max_step_size,
    step_size_per_step=settings.step_size_per_step,
    tempering=settings.tempering,
    schedule=settings.schedule,
    initial_temperature=settings.initial_temperature,
    alpha=settings.alpha,
    recompute=settings.recompute,
  )


def prepared(images: datasets.Images, seed: int) -> datasets.Images:
  """Returns the data with the split and the validation images of the original.

  The seed draws which images validate, and it draws their binarization, once
  for the whole run. Data that are binary already and come in three parts stay
  as they are.
  """
  if images.binarization != 'dynamic':
    return images
  both = np.concatenate([images.train, images.valid])
  # NumPy keeps the stream of a RandomState the same in all its versions, which
  # it does not promise for a Generator.
  random = np.random.RandomState(seed)
  both = both[random.permutation(len(both))]
  train, valid = np.split(both, [len(images.train)])
  drawn = random.random_sample(valid.shape) < valid / 255
  return images._replace(
    train=train,
    valid=drawn.astype(np.uint8) * np.uint8(255),
    note=f'{images.note} Here the seed draws which of them validate.',
  )
