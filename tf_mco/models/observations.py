"""Observations as users give them to a model: read, looked at and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import types
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf

from tf_mco.layers.objective import pixels

# An array of observations, `[N, ...]`.
Array: TypeAlias = np.ndarray | tf.Tensor
# All forms in which `fit` takes observations; a tuple also has targets, which
# are not used.
Data: TypeAlias = (
  Array | tf.data.Dataset | keras.utils.PyDataset | Iterator | tuple
)


def of_batch(data: Array | tuple) -> tf.Tensor:
  """Returns the observations of a batch; targets are not used.

  Args:
    data: A tensor `[B, ...]`, or a tuple (observations, targets), as Keras
      gives it to `train_step`.
  Raises:
    ValueError: If the batch holds sample weights, because training without them
      would train on another objective; and for anything but one tensor.
  """
  x, _, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
  if sample_weight is not None:
    raise ValueError(
      'LatentVariableModel takes no sample weights. Received: '
      f'sample_weight of shape {sample_weight.shape}'
    )
  if not tf.is_tensor(x):
    raise ValueError(
      'LatentVariableModel takes one tensor of observations, [B, ...]. '
      f'Received: {type(x).__name__}'
    )
  return x


def refuse_weights(options: Mapping[str, object]) -> None:
  """Raises ValueError if the options of `fit` weight samples or classes."""
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


def with_first_batch(x: Data | None) -> Data | PeekedGenerator | None:
  """Returns x, or a generator together with its first batch."""
  return PeekedGenerator(x) if isinstance(x, types.GeneratorType) else x


def first_batch(x: Data | PeekedGenerator | None) -> Array | None:
  """Returns observations to look at before training.

  These are all observations of an array, and the first batch of a
  `tf.data.Dataset`, of a `keras.utils.PyDataset`, or of a generator that keeps
  its first batch. The result is None for any other iterator, because looking
  at a batch would lose it.
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


def check(
  x: Data | PeekedGenerator | None, support: str | None, where: str
) -> None:
  """Raises ValueError for observations that the likelihood cannot score.

  Args:
    x: Observations as given to `fit`.
    support: The support of the likelihood, 'binary' or 'real'.
    where: The name of the data, for the message.
  """
  batch = first_batch(x)
  if batch is not None:
    pixels.check(batch, support, where)
  elif isinstance(x, (tf.data.Dataset, PeekedGenerator)):
    raise ValueError(
      f'Expected a stream with batches as {where}. Received: {x!r}, which ends '
      'before its first batch'
    )


def build_for(model: keras.Model, x: Data | PeekedGenerator | None) -> None:
  """Builds the model and its optimizer for data as given to `fit`.

  Nothing is built if the shape of the data is not known before training.
  """
  if not model.built:
    shape: tuple[int | None, ...] | None
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
