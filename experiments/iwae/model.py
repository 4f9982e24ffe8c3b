"""The Keras model of a run of Gaussian latent variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.data import datasets
from experiments.framework import strict_json
from experiments.iwae import networks as iwae_networks
from experiments.iwae import optimizer as iwae_optimizer
from experiments.iwae import settings as iwae_settings
from tf_mco import models

# Settings that must be the same in a run that starts from the checkpoint of
# another run.
_SHARED = ('dataset', 'num_layers', 'units', 'hidden_units', 'optimizer')


def make(
  settings: iwae_settings.IwaeSettings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run.

  With `init_from`, the model starts where that run ended: with its weights, the
  state of its optimizer, and the learning rate of its count of steps.
  """
  keras.utils.set_random_seed(settings.seed)
  latents = iwae_networks.widths(settings.units, settings.num_layers)
  model = of_widths(settings, images, latents)
  model.compile(
    optimizer=_OPTIMIZERS[settings.optimizer](settings),
    jit_compile=settings.jit_compile,
    steps_per_execution=settings.steps_per_execution,
  )
  model.optimizer.build(model.trainable_variables)
  if settings.init_from is not None:
    parts = {'model': model, 'optimizer': model.optimizer}
    status = tf.train.Checkpoint(**parts).restore(source_checkpoint(settings))
    status.assert_existing_objects_matched().expect_partial()
    model.step.assign(0)
  return model


def of_widths(
  settings: iwae_settings.IwaeSettings,
  images: datasets.Images,
  latents: Sequence[int],
) -> models.LatentVariableModel:
  """Returns a built model with these numbers of latent variables.

  Args:
    settings: of the run.
    images: the mean of the training images is where the pixels' bias starts.
    latents: latent variables of each stochastic layer, from the data upwards.
  """
  networks_of_model = iwae_networks.gaussian(
    images.train.mean(axis=0) / 255, latents, settings.hidden_units
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
  model.build((None, images.train.shape[1]))
  return model


def source_checkpoint(settings: iwae_settings.IwaeSettings) -> str:
  """Returns the checkpoint that `init_from` names.

  Raises:
    ValueError: if there is no checkpoint, or one of another model.
  """
  path = pathlib.Path(settings.init_from or '')
  checkpoint = tf.train.latest_checkpoint(str(path / 'checkpoints'))
  if checkpoint is None or not (path / 'config.json').exists():
    raise ValueError(
      '--init_from must be the directory of a run with a checkpoint. '
      f'Received: {path}'
    )
  source = strict_json.read_object(path / 'config.json')
  differences = [
    f'{name}={getattr(settings, name)!r} (there: {source.get(name)!r})'
    for name in _SHARED
    if getattr(settings, name) != source.get(name)
  ]
  if differences:
    raise ValueError(
      f'--init_from={path} is a run of another model. Received: '
      f'{", ".join(differences)}'
    )
  return checkpoint


def with_validation(
  images: datasets.Images, count: int | None
) -> datasets.Images:
  """Returns the data with another split into training and validation images.

  Args:
    images: the data set.
    count: the number of validation images, the last ones; the others are
      trained on. None leaves the data as they are.
  """
  if count is None:
    return images
  both = np.concatenate([images.train, images.valid])
  if count >= len(both):
    raise ValueError(
      f'--valid_examples must be below {len(both)}. Received: {count}'
    )
  train, valid = np.split(both, [len(both) - count])
  note = f'{images.note} Here {len(train):,} train and {count:,} validate.'
  return images._replace(train=train, valid=valid, note=note)


def _learning_rate(settings: iwae_settings.IwaeSettings) -> Any:
  return iwae_optimizer.phased_rate(
    settings.learning_rate, settings.stage_steps, settings.stage_growth
  )


def _burda(settings: iwae_settings.IwaeSettings) -> keras.optimizers.Optimizer:
  # The loss is a mean over the batch; the loss of the original is a sum.
  return iwae_optimizer.BurdaAdam(
    _learning_rate(settings), gradient_scale=settings.batch_size
  )


def _adam(settings: iwae_settings.IwaeSettings) -> keras.optimizers.Optimizer:
  return keras.optimizers.Adam(_learning_rate(settings))


_OPTIMIZERS: Mapping[
  str, Callable[[iwae_settings.IwaeSettings], keras.optimizers.Optimizer]
] = {'burda': _burda, 'adam': _adam}
