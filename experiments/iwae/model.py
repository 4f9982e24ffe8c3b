"""The Keras model of a run of Gaussian latent variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import pathlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from experiments.data import datasets
from experiments.iwae import networks as iwae_networks
from experiments.iwae import optimizer as iwae_optimizer
from experiments.iwae import settings as iwae_settings
from experiments.runs import strict_json
from tf_mco import models

# What must be the same in a run that starts from another one's checkpoint.
_SHARED = ('dataset', 'num_layers', 'units', 'hidden_units', 'optimizer')


def make(
  settings: iwae_settings.Settings, images: datasets.Images
) -> models.LatentVariableModel:
  """Returns the compiled and built model of a run.

  It starts where the run `init_from` ended: weights, state of the optimizer,
  and the learning rate that its count of steps stands for.
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
    model.objective.step.assign(0)
  return model


def of_widths(
  settings: iwae_settings.Settings,
  images: datasets.Images,
  latents: Sequence[int],
) -> models.LatentVariableModel:
  """Returns a built model with these numbers of latent variables."""
  parts = iwae_networks.gaussian(
    images.train.mean(axis=0) / 255, latents, settings.hidden_units
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
  model.build((None, images.train.shape[1]))
  return model


def source_checkpoint(settings: iwae_settings.Settings) -> str:
  """Returns the checkpoint that `init_from` names.

  Raises:
    ValueError: if there is none, or it is of another model.
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
  """Returns the data with that many validation images; None: as they are.

  The others are trained on.
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


def _learning_rate(settings: iwae_settings.Settings) -> Any:
  return iwae_optimizer.staged_rate(
    settings.learning_rate, settings.stage_steps, settings.stage_growth
  )


def _burda(settings: iwae_settings.Settings) -> keras.optimizers.Optimizer:
  # The loss is a mean over the batch, the original's a sum.
  return iwae_optimizer.BurdaAdam(
    _learning_rate(settings), gradient_scale=settings.batch_size
  )


def _adam(settings: iwae_settings.Settings) -> keras.optimizers.Optimizer:
  return keras.optimizers.Adam(_learning_rate(settings))


_OPTIMIZERS: Mapping[
  str, Callable[[iwae_settings.Settings], keras.optimizers.Optimizer]
] = {'burda': _burda, 'adam': _adam}
