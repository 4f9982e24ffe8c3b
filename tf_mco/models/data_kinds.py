"""The kinds of data that a model takes, and errors for all others.

Keras reports data of another kind from deep inside, or takes the empty data set
for a run that is done. These checks come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
import numbers
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tf_mco.ops import checks

# The options of Keras that are positive integers, and what else each may be.
_COUNTS: Mapping[str, Any] = {
  'batch_size': None,
  'epochs': 1,
  'steps': None,
  'steps_per_epoch': None,
  'steps_per_execution': 'auto',
  'validation_batch_size': None,
  'validation_steps': None,
}
# A shape of which only the number of axes may be known, or not even that.
Shape = tuple[int | None, ...]
_NO_DATA = (str, bytes, numbers.Number, np.generic, type, keras.Operation)


def checked_options(options: Mapping[str, Any]) -> dict[str, Any]:
  """Returns options of `fit`, `compile` and the like, in Python's integers.

  Raises:
    ValueError: if a number of examples, steps or epochs is none.
  """
  result = dict(options)
  for name, other in _COUNTS.items():
    value = result.get(name, other)
    # An array, compared with a number, is an array.
    if type(value) is not type(other) or value != other:
      result[name] = checks.at_least(name, value, 1)
  return result


def require(x: Any, where: str, event_shape: Shape | None) -> None:
  """Raises ValueError unless a model may train on x or evaluate x.

  Args:
    x: Observations as given to `fit`; or a tuple of observations and targets.
    where: The name of the data, for the message.
    event_shape: The shape of one observation, or None if the model is not
      built. An axis of unknown size is None.
  """
  if isinstance(x, (tuple, list)) and len(x):
    x = x[0]
  if isinstance(x, tf.data.Dataset):
    _require_stream(x, where, event_shape)
  elif isinstance(x, keras.utils.PyDataset):
    if not len(x):
      _refuse(where, 'a sequence of no batches')
  elif isinstance(x, np.ndarray) or tf.is_tensor(x):
    _require_array(x, where, event_shape)
  elif x is None or isinstance(x, (Mapping, tuple, list, *_NO_DATA)):
    _refuse(where, _description(x))
  elif not isinstance(x, Iterable):
    _refuse(where, _description(x))


def _require_stream(
  stream: tf.data.Dataset, where: str, event_shape: Shape | None
) -> None:
  """Raises ValueError unless a data set has batches of observations."""
  spec = stream.element_spec
  if isinstance(spec, (tuple, list)) and len(spec):
    spec = spec[0]
  if not isinstance(spec, tf.TensorSpec):
    _refuse(where, f'a data set of {_description(spec)}')
  _require_shape(spec.shape, where, event_shape)
  if int(stream.cardinality()) == 0:
    _refuse(where, 'a data set of no batches')


def _require_array(
  x: np.ndarray | tf.Tensor, where: str, event_shape: Shape | None
) -> None:
  """Raises ValueError unless an array has observations of the right shape."""
  if np.ma.isMaskedArray(x):
    raise ValueError(
      f'A model knows no masks: fill the masked values of {where}, or leave out'
      ' the examples that have some. Received: a masked array of shape '
      f'{x.shape}'
    )
  if not isinstance(x, np.ndarray | tf.Tensor | tf.Variable):
    _refuse(where, _description(x))
  _require_shape(tf.TensorShape(x.shape), where, event_shape)
  if 0 in tuple(x.shape):
    _refuse(where, f'no values, of shape {tuple(x.shape)}')


def _require_shape(
  shape: tf.TensorShape, where: str, event_shape: Shape | None
) -> None:
  """Raises ValueError unless a batch has the shape `[B, ...]` of the model."""
  if shape.rank == 0:
    _refuse(where, 'a single number')
  if event_shape is None or shape.rank is None:
    return
  if not shape[1:].is_compatible_with(event_shape):
    expected = ', '.join(str(size) for size in ('B', *event_shape))
    raise ValueError(
      f'Expected batches of shape [{expected}] in {where}, as the model was '
      f'built for. Received: shape {shape}'
    )


def _description(x: Any) -> str:
  """Returns a few words about data of another kind."""
  if isinstance(x, Mapping):
    return f'a dictionary with the keys {sorted(map(str, x))}'
  if isinstance(x, (tuple, list)):
    return f'{type(x).__name__} of {len(x)}'
  return f'{type(x).__name__}, {str(x)[:80]}'


def _refuse(where: str, received: str) -> NoReturn:
  raise ValueError(
    f'Expected one array of observations as {where}, [N, ...] of numbers, or a '
    'stream of batches of them; a dictionary has one under one of its keys, and'
    ' `dataset.map(lambda entry: entry["image"])` takes it out. Received: '
    f'{received}'
  )
