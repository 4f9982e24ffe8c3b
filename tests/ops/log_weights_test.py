"""Functions of log-weights against arithmetic with 60 digits."""

from __future__ import annotations

from collections.abc import Callable
import math

import mpmath
import numpy as np
import pytest
import tensorflow as tf

from tf_mco.ops import log_weights

_INF = math.inf
_COLUMNS = [
  [0.3, -1.2, 2.0, 0.5],
  [0.0, -40.0, -35.0, -90.0],  # one dominates
  [-90.0, -35.0, -40.0, 0.0],
  [-700.0, 700.0, 0.0, 1.0],
  [5.0, 5.0, 5.0, 5.0],
  [-1e4, -1e4 + 1, -1e4 - 1, -1e4],
  [-_INF, 0.0, 1.0, 2.0],
  [3.0, -_INF, -_INF, -50.0],
  [-_INF, -_INF, 1.0, -_INF],  # all others are zero
]
_LOG_W = np.array(_COLUMNS).T

Reference = Callable[[list[mpmath.mpf]], mpmath.mpf]


def _log_mean(values: list[mpmath.mpf]) -> mpmath.mpf:
  return _log(mpmath.fsum(map(mpmath.exp, values)) / len(values))


def _log(x: mpmath.mpf) -> mpmath.mpf:
  return mpmath.log(x) if x > 0 else -mpmath.inf


def _mean(values: list[mpmath.mpf]) -> mpmath.mpf:
  if -mpmath.inf in values:
    return -mpmath.inf
  return mpmath.fsum(values) / len(values)


def _geometric(others: list[mpmath.mpf]) -> mpmath.mpf:
  bound = _log_mean([*others, _mean(others)])
  return bound if mpmath.isfinite(bound) else mpmath.mpf(0)


def _arithmetic(others: list[mpmath.mpf]) -> mpmath.mpf:
  bound = _log_mean([*others, _log_mean(others)])
  return bound if mpmath.isfinite(bound) else mpmath.mpf(0)


def _leave_one_out(reference: Reference, log_w: np.ndarray) -> np.ndarray:
  """Returns `[K, B]`, the reference of all but the k-th."""
  result = np.empty(log_w.shape)
  with mpmath.workdps(60):
    for k, b in np.ndindex(*log_w.shape):
      others = [mpmath.mpf(float(w)) for w in np.delete(log_w[:, b], k)]
      result[k, b] = float(reference(others))
  return result


_FUNCTIONS = {
  'sum': (
    log_weights.leave_one_out_logsumexp,
    lambda others: _log(mpmath.fsum(map(mpmath.exp, others))),
  ),
  'mean': (log_weights.leave_one_out_mean, _mean),
  'geometric': (
    lambda x: log_weights.vimco_baseline(x, 'geometric'),
    _geometric,
  ),
  'arithmetic': (
    lambda x: log_weights.vimco_baseline(x, 'arithmetic'),
    _arithmetic,
  ),
}


@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('name', _FUNCTIONS)
def test_leave_one_out(name: str, jit_compile: bool) -> None:
  function, reference = _FUNCTIONS[name]
  expected = _leave_one_out(reference, _LOG_W)
  compiled = tf.function(function, jit_compile=True)
  found = (compiled if jit_compile else function)(tf.constant(_LOG_W))
  np.testing.assert_allclose(found, expected, rtol=1e-14, atol=2e-14)


@pytest.mark.parametrize('name', _FUNCTIONS)
def test_leave_one_out_in_float32(name: str) -> None:
  function, reference = _FUNCTIONS[name]
  log_w = _LOG_W.astype(np.float32)
  found = function(tf.constant(log_w))
  assert found.dtype == tf.float32
  expected = _leave_one_out(reference, log_w)
  np.testing.assert_allclose(found, expected, rtol=5e-7, atol=5e-7)


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_mean_of_the_others_of_a_vanishing_weight(dtype: type) -> None:
  smallest = {np.float32: -1e8, np.float64: -1e17}[dtype]
  log_w = tf.constant(np.array([[smallest], [1.25], [2.5]], dtype))
  found = log_weights.leave_one_out_mean(log_w)
  np.testing.assert_allclose(found[0], [1.875], rtol=1e-6)


def test_logsumexp_of_no_others_is_of_zero() -> None:
  found = log_weights.leave_one_out_logsumexp(tf.constant([[2.0, -3.0]]))
  log_two = log_weights.log_add_exp(found, tf.constant([[math.log(2.0)] * 2]))
  np.testing.assert_allclose(log_two, [[math.log(2.0)] * 2], rtol=1e-6)


def test_log_mean_exp() -> None:
  with mpmath.workdps(60):
    columns = [[mpmath.mpf(w) for w in column] for column in _COLUMNS]
    expected = [float(_log_mean(column)) for column in columns]
  found = log_weights.log_mean_exp(tf.constant(_LOG_W))
  np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
  ('x', 'y', 'expected'),
  [
    (-_INF, -_INF, -_INF),
    (-_INF, 3.0, 3.0),
    (3.0, -_INF, 3.0),
    (1000.0, 1000.0, 1000.0 + math.log(2.0)),
    (0.0, -800.0, 0.0),
    (-2.0, 1.0, 1.0485873515737421),
  ],
)
def test_log_add_exp(x: float, y: float, expected: float) -> None:
  found = log_weights.log_add_exp(
    tf.constant([x], tf.float64), tf.constant([y], tf.float64)
  )
  np.testing.assert_allclose(found, [expected], rtol=1e-15)
