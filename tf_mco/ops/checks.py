"""Checks of shapes and options, with errors that say what was received."""

from __future__ import annotations

from collections.abc import Collection

import tensorflow as tf

from tf_mco import types


def log_weights(log_p: tf.Tensor, log_q: tf.Tensor) -> None:
  """Raises ValueError unless both are `[K, B]`, of one shape and dtype."""
  if not _same_shape(log_p.shape, log_q.shape):
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
  if log_p.dtype != log_q.dtype:
    raise ValueError(
      '`log_p` and `log_q` must have one dtype. Received: '
      f'log_p.dtype={log_p.dtype.name}, log_q.dtype={log_q.dtype.name}'
    )


def _same_shape(shape: tf.TensorShape, other: tf.TensorShape) -> bool:
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
  name = getattr(fn, '__name__', 'log_joint')
  value = tf.convert_to_tensor(fn(samples))
  if not _same_shape(value.shape, like.shape):
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


def at_least(name: str, value: object, minimum: int, why: str = '') -> None:
  """Raises ValueError unless `value` is an integer >= `minimum`."""
  if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
    because = f' ({why})' if why else ''
    raise ValueError(
      f'`{name}` must be an integer of at least {minimum}{because}. '
      f'Received: {name}={value!r}'
    )


def one_of(name: str, value: object, choices: Collection[str]) -> None:
  """Raises ValueError unless `value` is one of `choices`."""
  if value not in choices:
    raise ValueError(
      f'`{name}` must be one of {", ".join(map(repr, choices))}. '
      f'Received: {name}={value!r}'
    )


def boolean(name: str, value: object) -> None:
  """Raises ValueError unless `value` is True or False."""
  if not isinstance(value, bool):
    raise ValueError(
      f'`{name}` must be True or False. Received: {name}={value!r}'
    )


def in_interval(
  name: str,
  value: object,
  low: float,
  high: float,
  *,
  open_above: bool = False,
) -> None:
  """Raises ValueError unless `value` is a number in [low, high] or [low, high).

  NaN is in no interval.
  """
  inside = isinstance(value, (int, float)) and low <= value <= high
  if isinstance(value, bool) or not inside or (open_above and value == high):
    raise ValueError(
      f'`{name}` must be a number in [{low}, {high}{")" if open_above else "]"}'
      f'. Received: {name}={value!r}'
    )
