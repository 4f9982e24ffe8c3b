"""A function must have a gradient in its samples, or say that it needs none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import types
from tf_mco.ops import lost_paths

_Z = tf.constant(np.random.default_rng(0).normal(size=(3, 2, 4)))
_PATH = (_Z, 2 * _Z)


def _sum(z: tf.Tensor) -> tf.Tensor:
  return tf.reduce_sum(z, -1)


class _Factors:
  """The likelihood scores layer 0, the prior layer 1."""

  def __init__(self, likelihood: Callable, prior: Callable) -> None:
    self._functions = (likelihood, prior)

  def __call__(self, samples: types.Samples) -> tf.Tensor:
    return tf.add_n([f.log_prob for f in self.factors(samples).values()])

  def factors(self, samples: types.Samples) -> dict[str, types.Factor]:
    likelihood, prior = self._functions
    return {
      'the likelihood': types.Factor(likelihood(samples[0]), (0,)),
      'the prior': types.Factor(prior(samples[1]), (1,)),
    }


def _cut(z: tf.Tensor) -> tf.Tensor:
  return tf.stop_gradient(_sum(z))


@pytest.mark.parametrize(
  'cut',
  [
    _cut,
    lambda z: _sum(tf.round(z)),
    lambda z: tf.constant(_sum(z).numpy()),
    lambda z: _sum(z).numpy(),
    lambda z: tf.cast(_sum(z) > 0, z.dtype),
    lambda z: tf.zeros(z.shape[:2], z.dtype),
  ],
)
def test_cut(cut: Callable) -> None:
  checked = lost_paths.differentiable(cut)
  for _ in range(2):  # an error does not pass for a check
    with pytest.raises(ValueError, match=r'no gradient.*stochastic layer 0'):
      checked(_Z)


def test_whole() -> None:
  """The value and its gradient are those of the function, at every call."""
  checked = lost_paths.differentiable(lambda z: _sum(z**2))
  for _ in range(2):
    with tf.GradientTape() as tape:
      tape.watch(_Z)
      value = checked(_Z)
    np.testing.assert_array_equal(value, _sum(_Z**2))
    np.testing.assert_array_equal(tape.gradient(value, _Z), 2 * _Z)


def test_layers() -> None:
  first = lambda path: _sum(path[0])  # noqa: E731
  with pytest.raises(ValueError, match=r'layer 1 \(shape \(3, 2, 4\)\)'):
    lost_paths.differentiable(first)(_PATH)
  lost_paths.differentiable(first, every_layer=False)(_PATH)
  with pytest.raises(ValueError, match=r'layer 0 \(.*, 1 \('):
    lost_paths.differentiable(lambda path: _cut(path[0]), every_layer=False)(
      _PATH
    )


def test_bits_have_no_gradient_to_lose() -> None:
  bits = tf.ones([3, 2, 4], tf.int32)
  both = lambda path: _sum(path[0]) + _cut(tf.cast(path[1], tf.float64))  # noqa: E731
  lost_paths.differentiable(both)((_Z, bits))


@pytest.mark.parametrize(
  ('factors', 'name'),
  [
    (_Factors(_cut, _sum), 'the likelihood has no gradient.* layer 0'),
    (_Factors(_sum, _cut), 'the prior has no gradient.* layer 1'),
  ],
)
def test_factors_are_checked_apart(factors: _Factors, name: str) -> None:
  with pytest.raises(ValueError, match=name):
    lost_paths.differentiable(factors)(_PATH)


def test_whole_factors() -> None:
  factors = _Factors(_sum, _sum)
  found = lost_paths.differentiable(factors)(_PATH)
  np.testing.assert_array_equal(found, factors(_PATH))


def test_a_constant_can_say_so() -> None:
  flat = lambda z: tf.zeros(z.shape[:2], z.dtype) + 0 * _sum(z)  # noqa: E731
  lost_paths.differentiable(flat)(_Z)


def test_other_faults_are_left_to_their_own_errors() -> None:
  for wrong in (
    lambda z: tf.zeros([7], z.dtype),
    lambda z: tf.zeros([3, 2], tf.int32),
  ):
    lost_paths.differentiable(wrong)(_Z)


def test_nothing_is_checked_where_no_tape_records() -> None:
  with tf.init_scope():
    lost_paths.differentiable(_sum)(_Z)


@pytest.mark.parametrize('options', [{}, {'jit_compile': True}])
def test_a_graph_is_checked_when_it_is_traced(options: dict) -> None:
  step = tf.function(
    lambda z: lost_paths.differentiable(_cut)(z), autograph=False, **options
  )
  with pytest.raises(ValueError, match='no gradient'):
    step(_Z)


def test_a_compiled_step_does_not_compute_the_gradient() -> None:
  """The gradient of the check is dead code: no operation of it is left."""

  def costs(fn: Callable) -> list[str]:
    step = tf.function(fn, jit_compile=True)
    text = step.experimental_get_compiler_ir(_Z)('optimized_hlo')
    return sorted(
      line.split('(')[0].split()[-1]
      for line in text.splitlines()
      if '=' in line
    )

  plain = lambda z: _sum(tf.sin(z) ** 3)  # noqa: E731
  assert costs(lost_paths.differentiable(plain)) == costs(plain)
