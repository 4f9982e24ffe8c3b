"""Functions of log-weights, against known numbers and brute force."""

from __future__ import annotations

from collections.abc import Callable
import itertools
import math
from typing import Any

import numpy as np
import pytest
import scipy.special
import tensorflow as tf

from tests.contract import formulas
from tf_mco import random
from tf_mco.ops import bounds
from tf_mco.ops import log_weights

# The numbers come from NumPy, SciPy and mpmath, to the digits printed.
_LOG_W = np.array([[0.3], [-1.2], [2.0], [0.5]])
_BETAS = (0, 0.25, 0.5, 1)

# `[K, B]`, no two columns alike.
_MANY = np.random.default_rng(1).normal(size=(5, 3)) * [1.0, 3.0, 0.1]


def _near(found: Any, expected: Any) -> None:
  np.testing.assert_allclose(found, expected, rtol=0, atol=6e-11)


def test_published_jackknife() -> None:
  _near(bounds.jackknife(_LOG_W, 0), [0.9829049462])
  _near(bounds.jackknife(_LOG_W, 1), [1.2497033602])
  _near(bounds.jackknife(_LOG_W, 2), [1.3233595401])


def test_published_cubo() -> None:
  _near(bounds.cubo(_LOG_W, 2), [1.3475607304])


@pytest.mark.parametrize(
  ('rule', 'expected'),
  [
    ('left', 0.7841046815),
    ('right', 1.1635570156),
    ('trapezoid', 0.9738308485),
  ],
)
def test_published_tvo(rule: str, expected: float) -> None:
  _near(bounds.tvo(_LOG_W, _BETAS, rule), [expected])


def test_tvo_is_left_by_default() -> None:
  _near(bounds.tvo(_LOG_W, _BETAS), [0.7841046815])


def test_published_sharot_coefficients() -> None:
  found = [bounds.sharot_coefficient(5, 2, j) for j in range(3)]
  assert found == [12.5, -16, 4.5]


@pytest.mark.parametrize('order', range(5))
def test_jackknife_by_brute_force(order: int) -> None:
  k = len(_MANY)
  expected = np.zeros(_MANY.shape[1])
  for left_out in range(order + 1):
    kept = itertools.combinations(range(k), k - left_out)
    means = [formulas.log_mean_exp(_MANY[list(s)]) for s in kept]
    inverse = math.factorial(left_out) * math.factorial(order - left_out)
    scale = (-1) ** left_out * (k - left_out) ** order / inverse
    expected += scale * np.mean(means, 0)
  found = bounds.jackknife(_MANY, order)
  np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize('order', [1, 2, 3])
def test_sharot_coefficients_cancel_powers_of_the_bias(order: int) -> None:
  """They sum to one, and to zero against K^-1 .. K^-order."""
  k = 7
  left_out = range(order + 1)
  scale = [bounds.sharot_coefficient(k, order, j) for j in left_out]
  for power in range(order + 1):
    terms = [c / (k - j) ** power for j, c in enumerate(scale)]
    np.testing.assert_allclose(sum(terms), power == 0, atol=1e-9)


@pytest.mark.parametrize('n', [1.5, 2, 4])
def test_cubo_by_brute_force(n: float) -> None:
  expected = np.log(np.mean(np.exp(_MANY) ** n, 0)) / n
  np.testing.assert_allclose(bounds.cubo(_MANY, n), expected, rtol=1e-12)


def test_tvo_by_brute_force() -> None:
  widths = np.diff(_BETAS)
  means = []
  for beta in _BETAS:
    power = np.exp(_MANY) ** beta
    means.append((power * _MANY).sum(0) / power.sum(0))
  left, right = widths @ means[:-1], widths @ means[1:]
  for rule, expected in (
    ('left', left),
    ('right', right),
    ('trapezoid', (left + right) / 2),
  ):
    found = bounds.tvo(_MANY, _BETAS, rule)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
  assert (left < right).all()


def test_tvo_of_many_betas_is_the_bound() -> None:
  """The integrand is the derivative of log mean w^beta; the error is O(h^2)."""
  found = bounds.tvo(_MANY, np.linspace(0, 1, 201), 'trapezoid')
  bound = formulas.log_mean_exp(_MANY)
  np.testing.assert_allclose(found, bound, rtol=0, atol=1e-4)


@pytest.mark.parametrize('shift', [-2000.0, 2000.0])
def test_shift(shift: float) -> None:
  """A constant factor of p adds its logarithm, however large."""
  for function in (
    lambda log_w: bounds.jackknife(log_w, 2),
    lambda log_w: bounds.cubo(log_w, 3),
    lambda log_w: bounds.tvo(log_w, _BETAS),
  ):
    found = function(_MANY + shift) - shift
    np.testing.assert_allclose(found, function(_MANY), rtol=0, atol=1e-8)


def test_mean_bound_of_exponential_weights() -> None:
  """The mean is digamma(K) - log K for w ~ Exp(1).

  In t = log w the integrand is smooth and falls doubly exponentially, so that
  a grid of 0.2 integrates it to rounding.
  """
  t = np.arange(-36, 4.5, 0.2)
  density = 0.2 * np.exp(t - np.exp(t))
  one = log_weights.log_mean_exp(tf.constant(t[None]))
  _near(density @ one.numpy(), -0.5772156649)
  pairs = np.stack([np.repeat(t, len(t)), np.tile(t, len(t))])
  two = log_weights.log_mean_exp(tf.constant(pairs))
  _near(np.outer(density, density).ravel() @ two.numpy(), -0.2703628455)


@pytest.mark.parametrize(
  ('num_samples', 'expected'), [(5, -0.1033202440), (50, -0.0100333320)]
)
def test_mean_bound_of_many_exponential_weights(
  num_samples: int, expected: float
) -> None:
  """The same holds for 1e5 fixed draws: |z| < 4 fails one seed in 16,000."""
  draws = 100_000
  u = random.uniform([num_samples, draws], dtype=tf.float64, seed=5)
  log_w = tf.math.log(-tf.math.log1p(-u))
  bound = log_weights.log_mean_exp(log_w).numpy()
  variance = scipy.special.polygamma(1, num_samples)
  z = (bound.mean() - expected) / np.sqrt(variance / draws)
  assert abs(z) < 4
  # Normal enough that the variance of the variance is 2 / draws.
  assert abs(bound.var() / variance - 1) < 0.04


def test_effective_sample_size_of_an_example() -> None:
  """The weights of `_LOG_W` stand beside the same weights in other units."""
  log_w = np.concatenate([_LOG_W, _LOG_W + 900], axis=1)
  found = bounds.effective_sample_size(tf.constant(log_w))
  np.testing.assert_allclose(found, [1.9289634628] * 2, rtol=1e-9)


def test_effective_sample_size_of_equal_weights_and_of_one() -> None:
  log_w = tf.constant([[0.0, 0.0, 0.0], [0.0, -math.inf, -800.0]])
  found = bounds.effective_sample_size(log_w)
  np.testing.assert_allclose(found, [2.0, 1.0, 1.0], rtol=1e-6)


def test_shape_of_effective_sample_size() -> None:
  with pytest.raises(ValueError, match=r'\[K, B\].*Received'):
    bounds.effective_sample_size(tf.zeros([3]))


# Bad arguments.


@pytest.mark.parametrize('order', [-1, 4, 9, True, 1.5, 'two', None])
def test_order_of_jackknife(order: Any) -> None:
  message = rf'`order` .*\[0, K\) = \[0, 4\).*Received: order={order!r}'
  with pytest.raises(ValueError, match=message):
    bounds.jackknife(_LOG_W, order)


def test_whole_float_as_order_of_jackknife() -> None:
  with pytest.raises(ValueError, match='order=1.0'):
    bounds.jackknife(_LOG_W, 1.0)


@pytest.mark.parametrize(
  'betas',
  [
    (),
    (0,),
    (0, 0.5),
    (0.1, 1),
    (0, 0.5, 0.5, 1),
    (0, 0.7, 0.2, 1),
    (0, 2, 1),
    (0, math.nan, 1),
  ],
)
def test_betas_of_tvo(betas: tuple[float, ...]) -> None:
  with pytest.raises(ValueError, match=r'from 0 to 1.*Received: betas=\['):
    bounds.tvo(_LOG_W, betas)


def test_rule_of_tvo() -> None:
  message = "`rule` .*'left', 'right', 'trapezoid'.*Received: rule='middle'"
  with pytest.raises(ValueError, match=message):
    bounds.tvo(_LOG_W, _BETAS, 'middle')


@pytest.mark.parametrize(
  'function',
  [
    lambda log_w: bounds.jackknife(log_w, 1),
    lambda log_w: bounds.cubo(log_w, 2),
    lambda log_w: bounds.tvo(log_w, _BETAS),
  ],
)
def test_shape_of_log_weights(function: Any) -> None:
  with pytest.raises(ValueError, match=r'\[K, B\].*shape=\(4,\)'):
    function(_LOG_W[:, 0])
  unknown = tf.function(function).get_concrete_function
  with pytest.raises(ValueError, match=r'static K.*shape=\(None, 2\)'):
    unknown(tf.TensorSpec([None, 2], tf.float64))


def _limit(function: Callable, log_w: np.ndarray) -> np.ndarray:
  """Returns the sign of infinity, or the value, as the zero weights vanish."""
  values = []
  for tiny in (-1e5, -1e6):
    values.append(np.asarray(function(np.where(np.isinf(log_w), tiny, log_w))))
  growing = np.abs(values[1] - values[0]) > 1
  return np.where(growing, np.inf * np.sign(values[1]), values[1])


_ZERO = -math.inf
_WITH_ZEROS = np.array(
  [
    [0.3, _ZERO, _ZERO, _ZERO],
    [-1.2, 0.4, _ZERO, _ZERO],
    [2.0, 1.0, _ZERO, _ZERO],
    [_ZERO, _ZERO, 0.7, _ZERO],
  ]
)


@pytest.mark.parametrize(
  'function',
  [
    lambda log_w: bounds.tvo(log_w, _BETAS, 'left'),
    lambda log_w: bounds.tvo(log_w, _BETAS, 'right'),
    lambda log_w: bounds.tvo(log_w, _BETAS, 'trapezoid'),
    lambda log_w: bounds.cubo(log_w, 2),
    lambda log_w: bounds.jackknife(log_w, 1),
    lambda log_w: bounds.jackknife(log_w, 2),
    lambda log_w: bounds.jackknife(log_w, 3),
  ],
)
def test_weights_of_zero_are_the_limit_of_small_weights(
  function: Callable,
) -> None:
  found = function(_WITH_ZEROS)
  np.testing.assert_allclose(found, _limit(function, _WITH_ZEROS), rtol=1e-12)
  assert found[-1] == _ZERO


def test_effective_sample_size_with_weights_of_zero() -> None:
  found = bounds.effective_sample_size(_WITH_ZEROS)
  weights = np.exp(_WITH_ZEROS[:, :3])
  expected = weights.sum(0) ** 2 / (weights**2).sum(0)
  np.testing.assert_allclose(found, [*expected, 0])


def test_gradient_of_tvo_with_a_weight_of_zero() -> None:
  log_w = tf.constant(_WITH_ZEROS)
  with tf.GradientTape() as tape:
    tape.watch(log_w)
    value = bounds.tvo(log_w, _BETAS, 'right')
  gradient = tape.gradient(value, log_w).numpy()
  assert np.all(gradient[np.isinf(_WITH_ZEROS)] == 0)
  # A common factor of the weights that are left adds its logarithm.
  np.testing.assert_allclose(gradient.sum(0), [1, 1, 1, 0], atol=1e-12)
