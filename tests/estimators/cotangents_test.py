"""A cotangent is scaled by a factor known only later; leaves are cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.estimators import cotangents

_Z = np.random.default_rng(0).normal(size=(3, 2, 4))  # `[K, B, D]`
_FACTOR = np.random.default_rng(1).normal(size=(3, 2))


def _loss(z: tf.Tensor, slope: tf.Tensor) -> tuple[tf.Tensor, Any]:
  """Returns a function of scaled z, with the factor set after it."""
  scale = cotangents.CotangentScale()
  value = tf.reduce_sum(tf.sin(scale(z)) * slope)
  scale.factor = tf.constant(_FACTOR) * tf.stop_gradient(slope)[0]
  return value, scale


def _expected(slope: np.ndarray) -> tuple[np.ndarray, float]:
  """Returns the gradients in z and in the slope."""
  factor = _FACTOR[..., None] * slope[0]
  return factor * np.cos(_Z) * slope, np.sin(_Z).sum((0, 1))


def _eager(z: tf.Tensor, slope: tf.Tensor) -> Any:
  with tf.GradientTape() as tape:
    tape.watch((z, slope))
    value, _ = _loss(z, slope)
  return tape.gradient(value, (z, slope))


def _tape_outside(**options: Any) -> Callable:
  compiled = tf.function(lambda z, s: _loss(z, s)[0], **options)

  def gradients(z: tf.Tensor, slope: tf.Tensor) -> Any:
    with tf.GradientTape() as tape:
      tape.watch((z, slope))
      value = compiled(z, slope)
    return tape.gradient(value, (z, slope))

  return gradients


_WAYS = {
  'eager': _eager,
  'graph': tf.function(_eager),
  'jit': tf.function(_eager, jit_compile=True),
  'tape_outside': _tape_outside(),
  'tape_outside_jit': _tape_outside(jit_compile=True),
}


@pytest.mark.parametrize('way', _WAYS)
def test_scale(way: str) -> None:
  """The factor reaches z and nothing else; a second call has its own."""
  for slope in (np.arange(1.0, 5), np.arange(2.0, 6)):
    found = _WAYS[way](tf.constant(_Z), tf.constant(slope))
    for one, two in zip(found, _expected(slope), strict=True):
      np.testing.assert_allclose(one, two, rtol=1e-12)


def test_value_is_the_identity() -> None:
  np.testing.assert_array_equal(
    cotangents.CotangentScale()(tf.constant(_Z)), _Z
  )


def test_value_needs_no_factor() -> None:
  scale = cotangents.CotangentScale()
  compiled = tf.function(scale.__call__, jit_compile=True)
  np.testing.assert_array_equal(compiled(tf.constant(_Z)), _Z)


def test_a_derivative_before_the_factor_is_an_error() -> None:
  """The forward mode asks for one, and so does an early gradient."""
  z, slope = tf.constant(_Z), tf.constant(np.arange(1.0, 5))
  with pytest.raises(LookupError, match='no forward-mode.*a tf.GradientTape'):
    with tf.autodiff.ForwardAccumulator(z, tf.ones_like(z)):
      _loss(z, slope)
  with tf.GradientTape() as tape:
    tape.watch(z)
    scaled = cotangents.CotangentScale()(z)
  with pytest.raises(LookupError, match='before the estimate is complete'):
    tape.gradient(scaled, z)


@pytest.mark.parametrize('rank', [0, 1, 2])
def test_event_ranks(rank: int) -> None:
  """One factor serves the whole event, of any rank."""
  z = tf.constant(_Z[..., None] if rank == 2 else _Z)
  z = z[..., 0] if rank == 0 else z
  scale = cotangents.CotangentScale()
  with tf.GradientTape() as tape:
    tape.watch(z)
    value = tf.reduce_sum(scale(z) ** 2)
    scale.factor = tf.constant(_FACTOR)
  factor = _FACTOR.reshape(3, 2, *[1] * rank)
  expected = 2 * z.numpy() * factor
  np.testing.assert_allclose(tape.gradient(value, z), expected, rtol=1e-13)


def test_several_samples_share_one_factor() -> None:
  """The layers of a chain do so."""
  one, two = tf.constant(_Z), tf.constant(_Z[..., :2])
  scale = cotangents.CotangentScale()
  with tf.GradientTape() as tape:
    tape.watch((one, two))
    scaled = tf.nest.map_structure(scale, (one, two))
    value = tf.reduce_sum(scaled[0] ** 2) + tf.reduce_sum(scaled[1] ** 3)
    scale.factor = tf.constant(_FACTOR)
  found = tape.gradient(value, (one, two))
  factor = _FACTOR[..., None]
  np.testing.assert_allclose(found[0], 2 * factor * one, rtol=1e-13)
  np.testing.assert_allclose(found[1], 3 * factor * two**2, rtol=1e-13)


def test_a_path_that_does_not_pass_is_not_scaled() -> None:
  """One sample of a chain is made of another."""
  start = tf.constant(_Z)
  scale = cotangents.CotangentScale()
  with tf.GradientTape() as tape:
    tape.watch(start)
    second = 5 * start  # drawn from the first, before either is scaled
    value = tf.reduce_sum(scale(start)) + tf.reduce_sum(scale(second))
    scale.factor = tf.constant(_FACTOR)
  expected = np.broadcast_to(6 * _FACTOR[..., None], _Z.shape)
  np.testing.assert_allclose(tape.gradient(value, start), expected)


def test_two_scales_in_one_tape() -> None:
  z = tf.constant(_Z)
  first, second = cotangents.CotangentScale(), cotangents.CotangentScale()
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(z)
    one = tf.reduce_sum(first(z) ** 2)
    two = tf.reduce_sum(second(z) ** 2)
    second.factor = tf.constant(3 * _FACTOR)
    first.factor = tf.constant(_FACTOR)
    both = one + two
  expected = 2 * _Z * _FACTOR[..., None]
  for target, times in ((two, 3), (one, 1), (both, 4), (one, 1)):
    found = tape.gradient(target, z)
    np.testing.assert_allclose(found, times * expected, rtol=1e-12)


def _quadratic(leaves: tuple[tf.Tensor, ...]) -> tf.Tensor:
  one, two = leaves
  return tf.reduce_sum(one**2, -1) * tf.reduce_sum(two, -1)


def test_leaf_gradients() -> None:
  """All other leaves stay fixed, whatever they were made of."""
  start = tf.constant(_Z)
  with tf.GradientTape() as tape:
    tape.watch(start)
    leaves = (start, 2 * start)
    value, slopes = cotangents.value_and_leaf_gradients(_quadratic, leaves)
    total = tf.reduce_sum(value) + sum(tf.reduce_sum(s) for s in slopes)
  assert tape.gradient(total, start) is None, 'neither carries a gradient'
  square, total = (_Z**2).sum(-1), 2 * _Z.sum(-1)
  np.testing.assert_allclose(value, square * total)
  np.testing.assert_allclose(slopes[0], 2 * _Z * total[..., None])
  expected = np.broadcast_to(square[..., None], _Z.shape)
  np.testing.assert_allclose(slopes[1], expected)


def test_leaf_without_influence() -> None:
  z = tf.constant(_Z)
  _, (slope,) = cotangents.value_and_leaf_gradients(
    lambda leaves: tf.zeros(leaves[0].shape[:2], tf.float64), (z,)
  )
  np.testing.assert_array_equal(slope, np.zeros_like(_Z))


def test_parameters_of_the_function_are_constant() -> None:
  """The parameters of a density get nothing; nor does a variable."""
  variable = tf.Variable(2.0, dtype=tf.float64)
  with tf.GradientTape() as tape:
    value, (slope,) = cotangents.value_and_leaf_gradients(
      lambda leaves: variable * tf.reduce_sum(leaves[0] ** 2, -1),
      (tf.constant(_Z),),
    )
    total = tf.reduce_sum(value) + tf.reduce_sum(slope)
  assert tape.gradient(total, variable) is None
  np.testing.assert_allclose(slope, 4 * _Z)
