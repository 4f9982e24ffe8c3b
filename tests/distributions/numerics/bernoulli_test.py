"""Bernoulli bits, and the log-density with its derivatives, against mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics

_X = np.concatenate(
  [np.linspace(-100, 100, 401), [0.0, -0.0, 1e-8, -1e-8, 1e-30]]
)

_DTYPES = pytest.mark.parametrize(
  'dtype', [np.float32, np.float64], ids=['float32', 'float64']
)


def _derivatives(x: tf.Tensor) -> list[tf.Tensor]:
  """Returns softplus and its first two derivatives."""
  with tf.GradientTape() as second:
    second.watch(x)
    with tf.GradientTape() as first:
      first.watch(x)
      value = bernoulli_numerics.softplus(x)
    slope = first.gradient(value, x)
  return [value, slope, second.gradient(slope, x)]


@pytest.mark.parametrize('jit_compile', [False, True])
@_DTYPES
def test_softplus(dtype: type, jit_compile: bool) -> None:
  x = _X.astype(dtype)
  fn = tf.function(_derivatives, jit_compile=True)
  computed = (fn if jit_compile else _derivatives)(tf.constant(x))
  with mpmath.workdps(60):
    exponentials = [mpmath.exp(-mpmath.mpf(float(v))) for v in x]
    sigmoid = [1 / (1 + e) for e in exponentials]
    expected = [
      [-mpmath.log(1 - s) for s in sigmoid],
      sigmoid,
      [s * (1 - s) for s in sigmoid],
    ]
    expected = np.array([[float(v) for v in row] for row in expected])
  rounding = np.finfo(dtype).eps
  for value, reference in zip(computed, expected, strict=True):
    assert value.dtype == dtype
    np.testing.assert_allclose(
      value, reference, rtol=2 * rounding, atol=2 * rounding
    )


@_DTYPES
def test_log_prob(dtype: type) -> None:
  logits = tf.constant(_X.astype(dtype))
  rounding = np.finfo(dtype).eps
  for z in (0.0, 1.0):
    computed = bernoulli_numerics.log_prob(tf.constant(z, dtype), logits)
    reference = tf.math.log_sigmoid((2 * z - 1) * tf.cast(logits, tf.float64))
    # logits - softplus(logits) cancels: the error is that of the logits.
    np.testing.assert_allclose(computed, reference, atol=2 * rounding * 100)


def test_gradient_in_the_value() -> None:
  value, logits = tf.constant([0.3, 1.0]), tf.constant([-1.5, 0.7])
  with tf.GradientTape() as tape:
    tape.watch((value, logits))
    log_prob = bernoulli_numerics.log_prob(value, logits)
  by_value, by_logits = tape.gradient(log_prob, (value, logits))
  np.testing.assert_array_equal(by_value, logits)
  np.testing.assert_allclose(by_logits, value - tf.sigmoid(logits), rtol=1e-6)


_LOGITS = [-60.0, -30.0, -16.0, -3.0, 0.0, 3.0, 16.0, 30.0, 60.0]


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'digits'), [(tf.float32, 31), (tf.float64, 63)]
)
def test_the_probability_of_a_bit_is_right_at_any_logit(
  dtype: tf.DType, digits: int, jit: bool
) -> None:
  """P(w < T) is a count of words, (T + 2^30) / 2^31, that needs no sampling."""
  make = tf.function(bernoulli_numerics.threshold, jit_compile=jit)
  half = 2 ** (digits - 1)
  for logit, t in zip(
    _LOGITS, make(tf.constant(_LOGITS, dtype)).numpy().tolist(), strict=True
  ):
    count = min(half + t, half - t)  # of the less likely value, exactly
    expected = special.expit(-abs(logit))
    rounding = 4 * np.finfo(dtype.as_numpy_dtype).eps * expected
    assert abs(count * 0.5**digits - expected) <= 0.5**digits / 2 + rounding
    assert (t < 0, t > 0) == (logit < 0, logit > 0)
  by_probability = bernoulli_numerics.threshold_of_probability(
    tf.constant([0.0, 1e-30, 0.25, 0.5, 1.0], dtype)
  )
  np.testing.assert_array_equal(
    by_probability, [-half, -half, -half // 2, 0, half]
  )
