"""What goes into a step: images, seeds of replicas, gradients that exist."""

from __future__ import annotations

from collections.abc import Iterator
import types
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco.layers.objective import pixels


def images_of(data: Any) -> tf.Tensor:
  """Returns the images of a batch; targets are not used.

  Raises:
    ValueError: if there are sample weights: dropping them would train on
      another objective.
  """
  x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
  if sample_weight is not None:
    raise ValueError(
      'LatentVariableModel takes no sample weights. Received: '
      f'sample_weight of shape {sample_weight.shape}'
    )
  if not tf.is_tensor(x):
    raise ValueError(
      'LatentVariableModel takes one tensor of images, [B, ...]. Received: '
      f'{type(x).__name__}'
    )
  return x


def num_replicas() -> int:
  """Returns the replicas whose gradients the optimizer adds up."""
  return tf.distribute.get_strategy().num_replicas_in_sync


def replica_seed(seed: tf.Tensor) -> tf.Tensor:
  """Returns a seed of its own for every replica, `seed` if there is one."""
  if num_replicas() == 1:
    return seed
  replica = tf.distribute.get_replica_context().replica_id_in_sync_group
  return random.fold_in(seed, replica)


def require_gradients(gradients: list, variables: list) -> None:
  """Raises ValueError, naming them, if variables got no gradient."""
  missing = [
    getattr(variable, 'path', variable.name)
    for variable, gradient in zip(variables, gradients, strict=True)
    if gradient is None
  ]
  if missing:
    raise ValueError(
      'No gradient reached these trainable variables: '
      f'{", ".join(missing)}. A sample drawn outside the GradientTape, a '
      'stopped gradient, or a layer that is not used is the usual reason; '
      'set `trainable = False` on what is not to be trained.'
    )


def sum_of_all(gradients: list) -> tf.Tensor:
  """Returns the sum of all entries: finite only if every entry is."""
  return tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])


def refuse_weights(options: dict[str, Any]) -> None:
  """Raises ValueError for weights of samples or classes."""
  for name in ('sample_weight', 'class_weight'):
    if options.get(name) is not None:
      raise ValueError(
        f'LatentVariableModel takes no {name}. Received: {options[name]!r}'
      )


class PeekedGenerator:
  """A generator whose first batch has been looked at, and is not lost."""

  def __init__(self, generator: Iterator):
    self.first = next(generator, None)
    self._rest = generator

  def __iter__(self) -> Iterator:
    if self.first is not None:
      yield self.first
    yield from self._rest


def with_first_batch(x: Any) -> Any:
  """Returns x, or a generator together with its first batch."""
  return PeekedGenerator(x) if isinstance(x, types.GeneratorType) else x


def first_batch(x: Any) -> Any:
  """Returns images to look at before training, or None if looking loses them.

  All of an array; the first batch of a `tf.data.Dataset` or of a
  `keras.utils.PyDataset`, or of a generator that keeps it.
  """
  if isinstance(x, tf.data.Dataset):
    x = next(iter(x.take(1)), None)
  elif isinstance(x, keras.utils.PyDataset):
    x = x[0]
  elif isinstance(x, PeekedGenerator):
    x = x.first
  if isinstance(x, (tuple, list)):
    x = x[0] if x else None
  if isinstance(x, np.ndarray) or tf.is_tensor(x):
    return x
  return None


def check(x: Any, support: str, where: str) -> None:
  """Raises ValueError for data that the likelihood cannot score.

  Args:
    x: as given to `fit`.
    support: of the likelihood.
    where: what the data are, for the message.
  """
  batch = first_batch(x)
  if batch is not None:
    pixels.check(batch, support, where)


def build_from(model: keras.Model, x: Any) -> None:
  """Builds the model and its optimizer for data as given to `fit`."""
  if not model.built:
    shape: tuple | None
    if isinstance(x, tf.data.Dataset):
      spec = x.element_spec
      spec = spec[0] if isinstance(spec, (tuple, list)) else spec
      shape = tuple(spec.shape)
    else:
      batch = first_batch(x)
      shape = None if batch is None else tuple(batch.shape)
    if shape is None:
      return
    model.build((None, *shape[1:]))
  if model.compiled and not model.optimizer.built:
    model.optimizer.build(model.trainable_variables)
