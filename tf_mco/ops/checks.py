"""Checks of shapes and options, with errors that say what was received."""

from __future__ import annotations

from collections.abc import Collection
import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mco import types


def log_weights(
  log_p: types.TensorLike, log_q: types.TensorLike
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns both as tensors.

  Raises:
    ValueError: unless both are `[K, B]`, of one shape and one floating dtype.
  """
  log_p, log_q = tensors('`log_p` and `log_q`', log_p=log_p, log_q=log_q)
  if not same_shape(log_p.shape, log_q.shape):
    raise ValueError(
      '`log_p` and `log_q` must have the same shape [K, B]: K samples of B '
      f'examples. Received: log_p.shape={log_p.shape}, '
      f'log_q.shape={log_q.shape}'
    )
  if log_p.shape[0] is None and log_q.shape[0] is None:
    raise ValueError(
      'The number of samples K, the first axis of `log_p` and `log_q`, must '
      f'be static. Received: log_p.shape={log_p.shape}'
    )
  return log_p, log_q


def tensors(who: str, **values: types.TensorLike) -> tuple[tf.Tensor, ...]:
  """Returns values as tensors of one floating dtype.

  Args:
    who: the subject of the message.
    **values: tensors, or what TensorFlow converts to them, by name.
  Raises:
    ValueError: for anything else.
  """
  converted = {}
  for name, value in values.items():
    try:
      converted[name] = tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
      raise ValueError(
        f'{who} must be tensors. Received: {name}={value!r}'
      ) from error
  dtypes = {name: tensor.dtype for name, tensor in converted.items()}
  one, *others = set(dtypes.values())
  if others or not one.is_floating:
    names = ', '.join(f'{k}.dtype={dtype.name}' for k, dtype in dtypes.items())
    raise ValueError(
      f'{who} must have one dtype, which is floating. Received: {names}'
    )
  return tuple(converted.values())


def same_shape(shape: tf.TensorShape, other: tf.TensorShape) -> bool:
  """Returns whether both shapes are `[K, B]`, as far as they are known."""
  if (shape.rank, other.rank) != (2, 2) or not shape.is_compatible_with(other):
    return False
  # An unknown size is compatible with 1, and 1 would broadcast.
  sizes = list(zip(shape, other, strict=True))
  return not any(set(pair) == {None, 1} for pair in sizes)


def call_log_joint(
  fn: types.LogJoint, samples: types.Samples, like: tf.Tensor
) -> tf.Tensor:
  """Returns `fn(samples)`, checked to be a `[K, B]` tensor.

  Args:
    fn: a log-joint or an integrand.
    samples: `[K, B, ...]` per stochastic layer.
    like: a `[K, B]` tensor of the expected dtype.
  Raises:
    ValueError: if the result has another shape or another dtype.
  """
  name = name_of(fn)
  value = as_tensor(name, fn(samples))
  if not same_shape(value.shape, like.shape):
    shapes = [tuple(z.shape) for z in tf.nest.flatten(samples)]
    raise ValueError(
      f'`{name}` must map samples of shape(s) {shapes} to [K, B] = '
      f'{like.shape}: one number per sample and example, in nats. Received: '
      f'a tensor of shape {value.shape}'
    )
  if value.dtype != like.dtype:
    raise ValueError(
      f"`{name}` must return the posterior's dtype, {like.dtype.name} "
      '(log-weights stay float32 under mixed precision: cast). Received: '
      f'{value.dtype.name}'
    )
  value = tf.ensure_shape(value, like.shape)
  if like.shape[1] is None:
    # A size of 1 would broadcast. It is known at run time only, and a tensor of
    # that size cannot be concatenated with one of another size.
    both = tf.concat([value, tf.stop_gradient(like)], axis=0)
    value = both[: like.shape[0]]
  return value


def name_of(fn: types.LogJoint) -> str:
  """Returns the name of a function in messages."""
  return getattr(fn, '__name__', 'log_joint')


def as_tensor(name: str, value: object) -> tf.Tensor:
  """Returns what a user's function returned, as a tensor."""
  try:
    return tf.convert_to_tensor(value)
  except (TypeError, ValueError) as error:
    raise ValueError(
      f'`{name}` must return a tensor [K, B], in nats. Received: {value!r}'
    ) from error


def function(name: str, value: object) -> None:
  """Raises ValueError unless `value` can be called."""
  if not callable(value):
    raise ValueError(
      f'`{name}` must be a function of the samples. Received: {name}={value!r}'
    )


def plain_options(instance: Any) -> None:
  """Makes NumPy scalars in the fields of a frozen dataclass Python's own.

  The options of an estimator are written to configurations, which are JSON.
  """
  for field in dataclasses.fields(instance):
    value = getattr(instance, field.name)
    if isinstance(value, np.generic):
      object.__setattr__(instance, field.name, value.item())


def at_least(name: str, value: Any, minimum: int, why: str = '') -> int:
  """Returns an integer of Python or NumPy as Python's own.

  Raises:
    ValueError: unless `value` is an integer >= `minimum`.
  """
  whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
  if not whole or value < minimum:
    because = f' ({why})' if why else ''
    raise ValueError(
      f'`{name}` must be an integer of at least {minimum}{because}. '
      f'Received: {name}={value!r}'
    )
  return int(value)


def one_of(name: str, value: object, choices: Collection[str]) -> None:
  """Raises ValueError unless `value` is one of `choices`."""
  if not isinstance(value, str) or value not in choices:
    raise ValueError(
      f'`{name}` must be one of {", ".join(map(repr, choices))}. '
      f'Received: {name}={value!r}'
    )


def boolean(name: str, value: object) -> bool:
  """Returns True or False of Python or NumPy; ValueError for all else."""
  if not isinstance(value, (bool, np.bool_)):
    raise ValueError(
      f'`{name}` must be True or False. Received: {name}={value!r}'
    )
  return bool(value)


def in_interval(
  name: str,
  value: Any,
  low: float,
  high: float,
  *,
  open_above: bool = False,
) -> float:
  """Returns a number of Python or NumPy as Python's own.

  Raises:
    ValueError: unless `value` is in [low, high] or [low, high). NaN is in no
      interval.
  """
  if isinstance(value, np.number):
    value = value.item()
  inside = isinstance(value, (int, float)) and low <= value <= high
  if isinstance(value, bool) or not inside or (open_above and value == high):
    raise ValueError(
      f'`{name}` must be a number in [{low}, {high}{")" if open_above else "]"}'
      f'. Received: {name}={value!r}'
    )
  return value


def between(name: str, value: Any, low: float, high: float) -> float:
  """Returns a number of Python or NumPy as Python's own.

  Raises:
    ValueError: unless `value` is in (low, high), without the ends.
  """
  if isinstance(value, np.number):
    value = value.item()
  number = isinstance(value, (int, float)) and not isinstance(value, bool)
  if not number or not low < value < high:
    raise ValueError(
      f'`{name}` must be a number in ({low:g}, {high:g}). Received: '
      f'{name}={value!r}'
    )
  return value
