"""Checks of the parameters of a distribution, where their values are known.

A value in a graph is not known when the distribution is made. There
`validate_args=True` adds an assertion to the graph, which jit ignores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util

# Values of these types are no parameters, and would fail inside TFP.
_NO_NUMBERS = (str, bytes, Mapping, set, type, tfd.Distribution)


def kept_or_tensor(
  value: types.TensorLike,
) -> tf.Tensor | tf.Variable | tfp_util.DeferredTensor:
  """Returns a variable or deferred tensor as it is, anything else as a tensor.

  A distribution that keeps a variable reads its value at every call, and
  gradients reach the variable in a tape that was opened after the distribution
  was made.
  """
  if isinstance(value, tf.Variable | tfp_util.DeferredTensor):
    return value
  return tf.convert_to_tensor(value)


def known_value(value: types.TensorLike | None) -> np.ndarray | None:
  """Returns the value of a constant, an eager tensor or variable, or None."""
  if value is None or isinstance(value, (int, float, list, tuple, np.ndarray)):
    return None if value is None else _as_array(value)
  if isinstance(value, tf.Variable):
    return value.numpy() if tf.executing_eagerly() else None
  if not tf.is_tensor(value):
    return None  # a deferred or symbolic value is known at run time only
  return tf.get_static_value(value)


def _as_array(value: types.TensorLike) -> np.ndarray | None:
  """Returns a nest of numbers as an array, or None if it contains tensors."""
  if any(not isinstance(leaf, (int, float)) for leaf in _leaves(value)):
    return None
  return np.asarray(value)


def _leaves(value: types.TensorLike) -> list:
  """Returns the members of a nest that are no arrays and no NumPy numbers."""
  if isinstance(value, np.ndarray):
    return []
  if isinstance(value, (list, tuple)):
    return [leaf for part in value for leaf in _leaves(part)]
  return [] if isinstance(value, np.generic) else [value]


def given(
  **values: types.TensorLike | None,
) -> dict[str, types.TensorLike]:
  """Returns the optional parameters that a user gave, by name."""
  return {name: v for name, v in values.items() if v is not None}


def numbers(owner: str, **values: types.TensorLike) -> None:
  """Raises ValueError unless all values may be tensors of numbers.

  Args:
    owner: the name of the distribution, for the message.
    **values: parameters by name.
  """
  for name, value in values.items():
    if value is None or isinstance(value, _NO_NUMBERS) or _is_no_array(value):
      raise ValueError(
        f'`{name}` of {owner} must be numbers. Received: {name}={value!r}'
      )


def floating(owner: str, **values: types.TensorLike) -> None:
  """Raises ValueError unless all values are floating numbers."""
  numbers(owner, **values)
  for name, value in values.items():
    tensor: Any = value if tf.is_tensor(value) else known_value(value)
    if tensor is None:
      continue
    dtype = tf.as_dtype(tensor.dtype)
    if not dtype.is_floating:
      raise ValueError(
        f'`{name}` of {owner} must be floating numbers. Received: {dtype.name}'
      )


def distribution(name: str, value: object) -> None:
  """Raises ValueError unless `value` is one distribution of one variable."""
  single = isinstance(value, tfd.Distribution)
  if not single or isinstance(value, tfd.JointDistribution):
    raise ValueError(
      f'`{name}` must be a tfd.Distribution, of one variable. Received: '
      f'{value!r}'
    )


def _is_no_array(value: object) -> bool:
  """Returns whether a list is ragged, or an array is not of numbers."""
  if isinstance(value, np.ndarray):
    return value.dtype.kind not in 'biuf'
  if not isinstance(value, (list, tuple)):
    return False
  leaves = _leaves(value)
  if any(leaf is None or isinstance(leaf, _NO_NUMBERS) for leaf in leaves):
    return True
  if any(not isinstance(leaf, (int, float)) for leaf in leaves):
    return False  # a tensor is among them
  try:
    return np.asarray(value).dtype.kind not in 'biuf'
  except ValueError:
    return True


def positive(owner: str, **values: types.TensorLike) -> None:
  """Raises ValueError unless all known values are positive and finite.

  NaN is refused as well.

  Args:
    owner: the name of the distribution, for the message.
    **values: parameters by name.
  """
  numbers(owner, **values)
  for name, value in values.items():
    array = known_value(value)
    if array is not None and not np.all((array > 0) & np.isfinite(array)):
      _refuse(owner, name, 'positive and finite', array)


def non_negative(owner: str, **values: types.TensorLike) -> None:
  """Raises ValueError unless all known values are finite and at least 0."""
  numbers(owner, **values)
  for name, value in values.items():
    array = known_value(value)
    if array is not None and not np.all((array >= 0) & np.isfinite(array)):
      _refuse(owner, name, 'non-negative and finite', array)


def finite(owner: str, **values: types.TensorLike) -> None:
  """Raises ValueError unless all known values are finite."""
  numbers(owner, **values)
  for name, value in values.items():
    array = known_value(value)
    if array is not None and not np.all(np.isfinite(array)):
      _refuse(owner, name, 'finite', array)


def ordered(owner: str, low: types.TensorLike, high: types.TensorLike) -> None:
  """Raises ValueError unless low < high, if both are known."""
  numbers(owner, low=low, high=high)
  below, above = known_value(low), known_value(high)
  if below is None or above is None:
    return
  if not np.all(below < above):
    raise ValueError(
      f'`low` of {owner} must be less than `high`, and neither may be NaN. '
      f'Received: low={below.tolist()}, high={above.tolist()}'
    )


def _refuse(
  owner: str, name: str, expected: str, array: np.ndarray
) -> NoReturn:
  bad = array.reshape(-1)
  good = bad >= 0 if 'non-negative' in expected else bad > 0
  if expected == 'finite':
    good = np.isfinite(bad)
  bad = bad[~(good & np.isfinite(bad))]
  raise ValueError(
    f'`{name}` of {owner} must be {expected}. Received: {bad[:5].tolist()} '
    f'among {array.size} value(s), shape {array.shape}'
  )
