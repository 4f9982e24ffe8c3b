"""A check that a function has a gradient in the samples that it is given."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco.ops import checks


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
        value = checks.as_tensor(checks.name_of(fn), fn(samples))
        every = tuple(range(len(path)))
        factors = {f'`{checks.name_of(fn)}`': types.Factor(value, every)}
    # A value of another shape or dtype has an error of its own, which
    # `call_log_joint` raises.
    fits = checks.same_shape(value.shape, path[0].shape[:2])
    if value.dtype.is_floating and fits:
      for name, factor in factors.items():
        _require_gradient(tape, name, factor, path, every_layer)
    checked = True
    return value

  checked_fn.__name__ = checks.name_of(fn)
  return checked_fn


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
