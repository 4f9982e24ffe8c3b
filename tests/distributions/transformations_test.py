"""Samples and densities under maps, loops, Jacobians and the forward mode.

A transformation of TensorFlow gives the gradient that one row after the other
gives, or an error that names the cure. A tape outside of `tf.vectorized_map`
does not see custom gradients, and once gave plausible wrong numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics

# Maps two parameters to a number.
Function: TypeAlias = Callable[[tf.Tensor], tf.Tensor]

_OUTSIDE = 'put the tape inside of the mapped function'
_PARAMETERS = tf.constant([[1.3, 0.8], [2.1, 1.7], [0.6, 0.9]], tf.float64)


def _sample(make: Callable[..., tfd.Distribution]) -> Function:
  """Returns a function of samples that is not linear in them."""

  def value(parameters: tf.Tensor) -> tf.Tensor:
    first, second = tf.unstack(parameters)
    z = make(first, second).sample([3], seed=5)
    return tf.reduce_sum(tf.sin(z))

  return value


def _density(make: Callable[..., tfd.Distribution], x: Any) -> Function:
  def value(parameters: tf.Tensor) -> tf.Tensor:
    first, second = tf.unstack(parameters)
    return tf.reduce_sum(make(first, second).log_prob(tf.cast(x, tf.float64)))

  return value


def _own_density(make: Callable[..., tfd.Distribution]) -> Function:
  """Returns the log-density of samples, through the logarithm they keep."""

  def value(parameters: tf.Tensor) -> tf.Tensor:
    first, second = tf.unstack(parameters)
    q = make(first, second)
    return tf.reduce_sum(q.log_prob(q.sample([3], seed=5)))

  return value


def _cdf(make: Callable[..., tfd.Distribution]) -> Function:
  def value(parameters: tf.Tensor) -> tf.Tensor:
    first, second = tf.unstack(parameters)
    return make(first, second).cdf(tf.constant(0.7, tf.float64))

  return value


def _dirichlet(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  return distributions.Dirichlet(tf.stack([a, b, a * b]))


def _truncated(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  one = tf.ones_like(a)
  return distributions.TruncatedNormal(a, b, -one, one)


def _student(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  return distributions.StudentT(a + 2, tf.zeros_like(b), b)


def _mixture(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  return distributions.MixtureSameFamily(
    tfd.Categorical(logits=tf.stack([a, b])),
    tfd.Normal(tf.stack([-a, b]), tf.stack([b, a])),
  )


def _vector_mixture(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  loc = tf.stack([[-a, b], [b, a]])
  return distributions.MixtureSameFamily(
    tfd.Categorical(logits=tf.stack([a, b])),
    tfd.Independent(tfd.Normal(loc, tf.ones_like(loc)), 1),
  )


def _implicit(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  return distributions.implicit(tfd.Logistic(a, b))


def _autoregressive(a: tf.Tensor, b: tf.Tensor) -> tfd.Distribution:
  return distributions.implicit(
    [tfd.Normal(a, b), lambda z: tfd.Normal(z * a, b)]
  )


_FUNCTIONS: dict[str, Function] = {
  'gamma': _sample(distributions.Gamma),
  'inverse_gamma': _sample(distributions.InverseGamma),
  'beta': _sample(distributions.Beta),
  'dirichlet': _sample(_dirichlet),
  'von_mises': _sample(distributions.VonMises),
  'truncated_normal': _sample(_truncated),
  'student_t': _sample(_student),
  'mixture': _sample(_mixture),
  'vector_mixture': _sample(_vector_mixture),
  'implicit': _sample(_implicit),
  'autoregressive': _sample(_autoregressive),
  'density_of_gamma_sample': _own_density(distributions.Gamma),
  'density_of_truncated_normal': _density(_truncated, 0.3),
  'density_of_von_mises': _density(distributions.VonMises, 0.3),
  'gamma_cdf': _cdf(distributions.Gamma),
  'von_mises_cdf': _cdf(distributions.VonMises),
  'bernoulli': lambda p: tf.reduce_sum(
    bernoulli_numerics.log_prob(tf.constant([1.0, 0.0], tf.float64), p)
  ),
}
every_function = pytest.mark.parametrize('name', _FUNCTIONS)


def _gradient(fn: Function, x: tf.Tensor) -> tf.Tensor:
  with tf.GradientTape() as tape:
    tape.watch(x)
    value = fn(x)
  return tape.gradient(value, x)


def _one_by_one(fn: Function) -> np.ndarray:
  return np.stack([_gradient(fn, row) for row in tf.unstack(_PARAMETERS)])


def _assert_right(found: Any, expected: Any) -> None:
  np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def _mapped(fn: Function, mapping: Callable) -> Function:
  """Returns the gradient by a tape around a map over the rows."""
  return lambda rows: _gradient(lambda x: mapping(fn, x), rows)


@every_function
def test_tape_outside_of_vectorized_map(name: str) -> None:
  fn = _FUNCTIONS[name]
  ways = [_mapped(fn, tf.vectorized_map)]
  if name in ('gamma', 'implicit', 'vector_mixture', 'von_mises_cdf'):
    ways.append(tf.function(ways[0], autograph=False))
  for way in ways:
    try:
      found = way(_PARAMETERS)
    except Exception as error:  # a LookupError, or a graph's with its text
      assert _OUTSIDE in str(error), error
    else:
      _assert_right(found, _one_by_one(fn))


@pytest.mark.parametrize('name', ['gamma', 'vector_mixture', 'bernoulli'])
def test_tape_inside_of_vectorized_map_and_around_a_loop(name: str) -> None:
  fn = _FUNCTIONS[name]
  expected = _one_by_one(fn)
  inside = tf.vectorized_map(lambda x: _gradient(fn, x), _PARAMETERS)
  _assert_right(inside, expected)
  loop = tf.function(_mapped(fn, tf.map_fn), autograph=False)
  _assert_right(loop(_PARAMETERS), expected)


@pytest.mark.parametrize(
  ('name', 'pfor'), [('gamma', True), ('implicit', False)]
)
def test_jacobian(name: str, pfor: bool) -> None:
  fn = _FUNCTIONS[name]

  @tf.function(autograph=False)
  def jacobian(rows: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
      tape.watch(rows)
      values = tf.stack([fn(row) for row in tf.unstack(rows)])
    return tape.jacobian(values, rows, experimental_use_pfor=pfor)

  found = jacobian(_PARAMETERS)
  _assert_right(np.einsum('iij->ij', found), _one_by_one(fn))


@every_function
def test_forward_mode(name: str) -> None:
  """The derivative along a direction, eagerly and over a graph."""
  fn, x = _FUNCTIONS[name], _PARAMETERS[0]
  direction = tf.constant([0.7, -1.1], tf.float64)
  expected = np.sum(_gradient(fn, x) * direction)

  def forward(fn: Function) -> tf.Tensor:
    with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
      value = fn(x)
    return accumulator.jvp(value)

  _assert_right(forward(fn), expected)
  if name in ('gamma', 'implicit', 'bernoulli'):
    try:
      found = forward(tf.function(fn, autograph=False))
    except LookupError as error:
      assert 'forward mode' in str(error), error
    else:
      _assert_right(found, expected)
