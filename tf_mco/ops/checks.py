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
  name = _name_of(fn)
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


def differentiable(
  fn: types.LogJoint, *, every_layer: bool = True
) -> types.LogJoint:
  """Returns `fn`, which from now on must have a gradient in its samples.

  An estimator that differentiates through samples needs the gradient of `fn` in
  them. Where NumPy or a `tf.stop_gradient` cuts the path, the gradient is None,
  and the estimate would silently lack the path's term. The first call looks for
  each gradient. In a graph the gradient is dead code, which no step computes;
  in eager execution a call costs one more backward pass through `fn`.

  The check sees whether there is a path, and not whether the path is whole: a
  sum of two terms passes if one of them has a gradient. The factors of a
  `types.FactorizedLogJoint` are therefore checked one by one.

  Args:
    fn: a log-joint, or an integrand.
    every_layer: whether `fn` needs a gradient in the samples of every
      stochastic layer, or in those of one layer at least.
  Returns:
    A function of the samples, whose call raises a ValueError if a gradient is
    None. Nothing is checked where no tape records, as under `tf.init_scope`.
  """
  checked = False

  def checked_fn(samples: types.Samples) -> tf.Tensor:
    nonlocal checked
    if checked:
      return fn(samples)
    path = types.as_path(samples)
    with tf.GradientTape(
      persistent=True, watch_accessed_variables=False
    ) as tape:
      tape.watch([z for z in path if z.dtype.is_floating])
      if isinstance(fn, types.FactorizedLogJoint):
        factors = fn.factors(samples)
        value = tf.add_n([factor.log_prob for factor in factors.values()])
      else:
        value = tf.convert_to_tensor(fn(samples))
        every = tuple(range(len(path)))
        factors = {f'`{_name_of(fn)}`': types.Factor(value, every)}
    # A value of another shape or dtype has an error of its own, which
    # `call_log_joint` raises.
    if value.dtype.is_floating and _same_shape(value.shape, path[0].shape[:2]):
      for name, factor in factors.items():
        _require_gradient(tape, name, factor, path, every_layer)
    checked = True
    return value

  checked_fn.__name__ = _name_of(fn)
  return checked_fn


def _name_of(fn: types.LogJoint) -> str:
  """Returns the name of a function in messages."""
  return getattr(fn, '__name__', 'log_joint')


def _require_gradient(
  tape: tf.GradientTape,
  name: str,
  factor: types.Factor,
  path: types.Path,
  every_layer: bool,
) -> None:
  """Raises ValueError if a factor lacks the gradient in its samples."""
  layers = [i for i in factor.layers if path[i].dtype.is_floating]
  found = tape.gradient(factor.log_prob, [path[i] for i in layers])
  lost = [i for i, g in zip(layers, found, strict=True) if g is None]
  if not lost or (len(lost) < len(layers) and not every_layer):
    return
  if not _tapes_record():
    return
  where = ', '.join(f'{i} (shape {path[i].shape})' for i in lost)
  raise ValueError(
    'This estimator differentiates through the samples, and '
    f'{name} has no gradient in them. Expected: TensorFlow operations on the '
    'way from the samples to log-densities. NumPy, tf.numpy_function, '
    'tf.round and tf.stop_gradient cut the way; reinforce_loo, disarm, vimco '
    'and rws need none. A function that is constant in the samples on purpose '
    'adds 0 * tf.reduce_sum(z, axis=-1). Received: a gradient of None in the '
    f'samples of stochastic layer {where}'
  )


def _tapes_record() -> bool:
  """Returns whether a tape records here: none does under `tf.init_scope`."""
  one = tf.constant(1.0)
  with tf.GradientTape() as tape:
    tape.watch(one)
    same = tf.identity(one)
  return tape.gradient(same, one) is not None


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
