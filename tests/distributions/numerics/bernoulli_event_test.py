"""Tests of the log-density of many bits at once."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.distributions.numerics import bernoulli
from tf_mco.distributions.numerics import bernoulli_event
from tf_mco.posteriors import importance

# Fewer bits than a group, whole groups, and a rest.
_SIZES = (1, 5, 14, 28, 43)
# Shapes of the value and of the logits, without the axis of the event.
_SHAPES = (
  ((2, 3), (2, 3)),
  ((3,), (2, 3)),
  ((), (2, 3)),
  ((2, 3), (3,)),
  ((2, 1), (1, 3)),
  ((2, 3), ()),
)


def _one_by_one(value: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
  return tf.reduce_sum(bernoulli.log_prob(value, logits), axis=-1)


@pytest.mark.parametrize('shapes', _SHAPES)
@pytest.mark.parametrize('size', _SIZES)
def test_value_and_gradients_of_two_orders(
  size: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
  rng = np.random.default_rng(size)
  value = tf.constant(rng.uniform(size=(*shapes[0], size)))
  logits = tf.constant(2 * rng.normal(size=(*shapes[1], size)))
  found: list[tf.Tensor] = []
  expected: list[tf.Tensor] = []
  for function, results in (
    (bernoulli_event.log_prob, found),
    (_one_by_one, expected),
  ):
    with tf.GradientTape() as outer:
      outer.watch([value, logits])
      with tf.GradientTape() as inner:
        inner.watch([value, logits])
        density = function(value, logits)
        total = tf.reduce_sum(tf.sin(density))
      first = inner.gradient(total, [value, logits])
      length = tf.add_n([tf.reduce_sum(tf.sin(g)) for g in first])
    results += [density, *first, *outer.gradient(length, [value, logits])]
  for mine, theirs in zip(found, expected, strict=True):
    np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
def test_products_stay_in_the_range_of_the_dtype(dtype: str) -> None:
  """Logits of zero have the largest factors, and large ones the smallest."""
  for logit in (0.0, 1e-3, -1e-3, 30.0, -30.0, 1e4, -1e4):
    logits = np.full([784], logit, dtype)
    value = np.full([784], logit > 0, dtype)
    found = bernoulli_event.log_prob(tf.constant(value), tf.constant(logits))
    expected = -784 * np.logaddexp(0, -abs(float(logits[0])))
    digits = 30 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, expected, rtol=digits, atol=digits)


def test_float32_is_as_close_as_the_sum_of_logarithms() -> None:
  rng = np.random.default_rng(0)
  logits = tf.constant(3 * rng.normal(size=[200, 784]), tf.float32)
  value = tf.cast(rng.random([200, 784]) < 0.5, tf.float32)
  exact = _one_by_one(tf.cast(value, tf.float64), tf.cast(logits, tf.float64))
  errors = [
    np.sqrt(np.mean((function(value, logits).numpy() - exact.numpy()) ** 2))
    for function in (
      bernoulli_event.log_prob,
      _one_by_one,
    )
  ]
  assert errors[0] < 1e-4  # of 600 nats
  assert errors[0] < 2 * errors[1]


def test_faults_are_not_hidden() -> None:
  for bad in (np.nan, np.inf, -np.inf):
    logits = np.zeros([30])
    logits[17] = bad
    value = np.zeros([30])
    found = bernoulli_event.log_prob(tf.constant(value), tf.constant(logits))
    expected = _one_by_one(tf.constant(value), tf.constant(logits))
    np.testing.assert_array_equal(found, expected)


def _products(
  shape: list[int], samples: list[int], *, values_alone: bool = True
) -> dict[str, int]:
  """Returns how many logarithms and exponentials a density takes."""
  graph, context = tf.Graph(), contextlib.nullcontext()
  if values_alone:
    context = bernoulli_event.for_values_alone()
  with graph.as_default(), context:
    logits = tf.compat.v1.placeholder(tf.float32, shape)
    independent = tfd.Independent(distributions.Bernoulli(logits), 1)
    sampling.log_prob(independent, tf.zeros(samples))
  sizes = {'Log': 0, 'Exp': 0}
  for op in graph.get_operations():
    if op.type in sizes:
      sizes[op.type] += op.outputs[0].shape.num_elements()
  return sizes


def test_the_density_of_an_event_takes_few_logarithms() -> None:
  assert _products([3, 28], [3, 28]) == {'Log': 3 * 2, 'Exp': 3 * 28}
  # The logits are those of three values each, and are computed once.
  assert _products([4, 28], [3, 4, 28]) == {'Log': 4 * 28, 'Exp': 4 * 28}


def test_training_uses_another_form() -> None:
  assert not bernoulli_event.is_preferred()
  few, many = (
    _products([3, 28], [3, 28], values_alone=alone) for alone in (True, False)
  )
  assert few != many


def test_a_bound_for_evaluation_needs_values_alone() -> None:
  seen = []
  posterior = tfd.Independent(distributions.Bernoulli(tf.zeros([2, 3])), 1)

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    seen.append(bernoulli_event.is_preferred())
    return posterior.log_prob(z)

  importance.importance_bound(log_joint, posterior, 5, chunk_size=2, seed=0)
  assert set(seen) == {True}
  assert not bernoulli_event.is_preferred()


@pytest.mark.parametrize('jit_compile', [False, True])
def test_an_event_of_several_axes(jit_compile: bool) -> None:
  rng = np.random.default_rng(1)
  logits = tf.constant(rng.normal(size=[2, 3, 30]))
  value = tf.constant(rng.integers(0, 2, size=[5, 2, 3, 30]).astype(float))
  independent = tfd.Independent(distributions.Bernoulli(logits), 2)

  @tf.function(jit_compile=jit_compile)
  def density(x: tf.Tensor) -> tf.Tensor:
    with bernoulli_event.for_values_alone():
      return sampling.log_prob(independent, x)

  np.testing.assert_allclose(
    density(value), independent.log_prob(value), rtol=1e-12
  )
