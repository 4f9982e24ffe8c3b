"""Observations as users give them to a model: read, looked at and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
import types
from typing import Protocol, TypeAlias, runtime_checkable

import keras
import numpy as np
import tensorflow as tf

from tf_mco.layers.objective import array_checks
from tf_mco.models import data_kinds

# An array of observations, `[N, ...]`.
Array: TypeAlias = np.ndarray | tf.Tensor
# All forms in which `fit` takes observations; a tuple also has targets, which
# are not used.
Data: TypeAlias = (
  Array | tf.data.Dataset | keras.utils.PyDataset | Iterator | tuple
)

_NO_BATCH = object()  # what an empty stream has for a first batch


@runtime_checkable
class _SupportsArray(Protocol):
  """What NumPy reads, such as an array or a data frame."""

  def __array__(self) -> np.ndarray: ...


class ObservedModel(Protocol):
  """What a model does with its data before work starts."""

  built: bool
  compiled: bool
  optimizer: keras.optimizers.Optimizer
  trainable_variables: list[keras.Variable]

  def build(self, input_shape: tuple[int | None, ...]) -> None:
    """Makes all weights."""

  def known_observation_shape(self) -> data_kinds.Shape | None:
    """Returns the shape of one observation, or None if it is not known."""

  def check_observations(self, x: Array, where: str) -> None:
    """Raises ValueError for observations that cannot be scored."""


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
  if not isinstance(x, (tf.Tensor, np.ndarray)):
    raise ValueError(
      'LatentVariableModel takes one tensor of observations, [B, ...]. '
      f'Received: {type(x).__name__}'
    )
  # A constant that a function captures keeps its values, to be looked at.
  return x if tf.is_tensor(x) else tf.convert_to_tensor(x)


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


def admit(
  model: ObservedModel, x: Data | None, where: str
) -> tuple[Data, np.ndarray | None]:
  """Checks data before work starts, and builds the model for their shape.

  All values of an array are checked, and those of the first batch of a
  `tf.data.Dataset`, of a `keras.utils.PyDataset`, or of a generator. Other
  iterators are not looked at, because looking at a batch would lose it.

  Args:
    model: The model. The first integers may decide what integers mean.
    x: Observations as given to `fit`.
    where: The name of the data in the message.
  Returns:
    The data to use in place of x, which have all batches; and the array or the
    batch that was looked at, if any.
  Raises:
    ValueError: For observations that the likelihood cannot score, and for none.
  """
  data_kinds.require(x, where, model.known_observation_shape())
  if isinstance(x, types.GeneratorType):
    x = PeekedGenerator(x)
  batch = _first_batch(x, where)
  array = None if batch is None else array_checks.as_array(batch, where)
  _build_for(model, x, array)
  if array is not None:
    model.check_observations(array, where)
  return (iter(x) if isinstance(x, PeekedGenerator) else x), array


def admit_array(model: ObservedModel, x: Array, where: str) -> np.ndarray:
  """Returns an array that has been checked, and builds the model for its shape.

  Args:
    model: See `admit`.
    x: One array or eager tensor, `[N, ...]`.
    where: The name of the array in the message.
  Raises:
    ValueError: As `admit` does.
  """
  array = array_checks.as_array(x, where)
  data_kinds.require(array, where, model.known_observation_shape())
  _build_for(model, array, array)
  model.check_observations(array, where)
  return array


def _first_batch(x: Data | PeekedGenerator, where: str) -> object:
  """Returns the observations to look at, an array or None."""
  if isinstance(x, tf.data.Dataset):
    x = next(iter(x.take(1)), _NO_BATCH)
  elif isinstance(x, keras.utils.PyDataset):
    x = x[0] if len(x) else _NO_BATCH
  elif isinstance(x, PeekedGenerator):
    x = _NO_BATCH if x.first is None else x.first
  if x is _NO_BATCH:
    raise ValueError(
      f'Expected a stream with batches as {where}. Received: a stream that '
      'ends before its first batch'
    )
  if isinstance(x, (tuple, list)):
    x = x[0] if x else None
  is_array = isinstance(x, _SupportsArray) or tf.is_tensor(x)
  return x if is_array else None


def _build_for(
  model: ObservedModel, x: Data | PeekedGenerator, array: np.ndarray | None
) -> None:
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
      shape = None if array is None else tuple(array.shape)
    if shape is None:
      return
    model.build((None, *shape[1:]))
  if model.compiled and not model.optimizer.built:
    model.optimizer.build(model.trainable_variables)
