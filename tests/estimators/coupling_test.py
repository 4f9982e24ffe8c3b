"""Antithetic pairs, and the relation between their gradients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

import tf_mco
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics
from tf_mco.estimators import coupling

_LOGITS = tf.constant([[-3.0, -0.5], [0.0, 2.0]], tf.float64)  # `[B, D]`


def _word(u: np.ndarray | float, dtype: type = np.int64) -> tf.Tensor:
  """Returns the word that stands for a number in (0, 1)."""
  half = 2 ** (np.dtype(dtype).itemsize * 8 - 2)
  return tf.constant(((np.asarray(u) - 0.5) * 2 * half).astype(dtype))


def _grid(size: int) -> tf.Tensor:
  """Returns the words of midpoints of [0, 1], `[P, B, D]`."""
  midpoints = (np.arange(size) + 0.5) / size
  return _word(np.broadcast_to(midpoints[:, None, None], (size, 2, 2)))


def test_pairs_have_the_right_marginals() -> None:
  size = 100_000
  s = tf.sigmoid(_LOGITS).numpy()
  for b in coupling.antithetic_bernoulli(_LOGITS, _grid(size)):
    assert set(np.unique(b)) == {0.0, 1.0}
    np.testing.assert_allclose(tf.reduce_mean(b, 0), s, atol=1.01 / size)


def test_pairs_are_as_unlike_as_they_can_be() -> None:
  size = 100_000
  s = tf.sigmoid(_LOGITS).numpy()
  b, b_tilde = coupling.antithetic_bernoulli(_LOGITS, _grid(size))
  both = tf.reduce_mean(b * b_tilde, 0)
  expected = np.maximum(2 * s - 1, 0)
  np.testing.assert_allclose(both, expected, atol=2.01 / size)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('logit', [-60.0, -16.0, -1.0, 0.0, 2.0, 16.0, 60.0])
def test_the_joint_probability_of_a_pair(logit: float, dtype: tf.DType) -> None:
  """Both halves are 1 for an interval of words, which is measured here."""
  logits = tf.constant(logit, dtype)
  kind = tf.int64 if dtype == tf.float64 else tf.int32
  half = 2 ** (kind.size * 8 - 2)
  threshold = int(bernoulli_numerics.threshold(logits))
  # b_tilde is 1 for words below T, and b for words from -T on. The ends of
  # both intervals are tried, and so are the ends of the range.
  tried = [-half, half - 1]
  for end in (threshold, -threshold):
    tried += [word for word in (end - 1, end) if -half <= word < half]
  b, b_tilde = coupling.antithetic_bernoulli(logits, tf.constant(tried, kind))
  np.testing.assert_array_equal(b_tilde, [w < threshold for w in tried])
  np.testing.assert_array_equal(b, [w >= -threshold for w in tried])
  # Numbers of words, which Python counts exactly.
  marginal, both = half + threshold, max(2 * threshold, 0)
  p = special.expit(np.float64(logit))
  grid = 0.5 / (2 * half)  # half a step
  rounding = np.finfo(dtype.as_numpy_dtype).eps
  error = grid + rounding * min(p, 1 - p)
  assert abs(marginal / (2 * half) - p) <= error + 4e-16
  assert abs(both / (2 * half) - max(2 * p - 1, 0)) <= 2 * error + 4e-16
  assert logit > -60 or marginal == 0
  assert logit < 60 or both == 2 * half


def test_uniform_numbers_of_words_are_symmetric() -> None:
  for dtype, kind in ((tf.float32, tf.int32), (tf.float64, tf.int64)):
    words = tf.constant([kind.min // 2, -5, -1, 0, kind.max // 2], kind)
    centered = coupling.uniform_of(words, dtype) - 0.5
    mirrored = coupling.uniform_of(tf.bitwise.invert(words), dtype) - 0.5
    np.testing.assert_array_equal(centered, -mirrored)
    np.testing.assert_allclose(centered[0], -0.5, rtol=1e-6)


def test_which_half_is_which() -> None:
  logits = tf.constant([[-1.0]])
  word = _word([[[0.9]]], np.int32)
  b, b_tilde = coupling.antithetic_bernoulli(logits, word)
  assert (b.numpy().item(), b_tilde.numpy().item()) == (1, 0)


def test_disarm_gradient_by_hand() -> None:
  b = tf.constant([[1.0, 0.0, 1.0, 0.0]])
  b_tilde = tf.constant([[0.0, 1.0, 1.0, 0.0]])
  logits = tf.constant([[-2.0, 2.0, 3.0, -3.0]])
  found = tf_mco.disarm_gradient(
    tf.constant([5.0]), tf.constant([2.0]), b, b_tilde, logits
  )
  half = 1.5 * 0.8807970779778823  # sigmoid(2)
  np.testing.assert_allclose(found, [[half, -half, 0, 0]], rtol=1e-6)


def test_arm_gradient_by_hand() -> None:
  found = tf_mco.arm_gradient(
    tf.constant([5.0]), tf.constant([2.0]), tf.constant([[0.75, 0.1]])
  )
  np.testing.assert_allclose(found, [[0.75, -1.2]], rtol=1e-6)


@pytest.mark.parametrize('logit', [-3.0, -0.5, 0.0, 1.0, 4.0])
def test_disarm_is_arm_given_the_pair(logit: float) -> None:
  """The mean of ARM over all u that give a pair is DisARM of that pair."""
  size = 200_000
  logits = tf.constant([[logit]], tf.float64)
  words = _grid(size)[:, :1, :1]
  b, b_tilde = coupling.antithetic_bernoulli(logits, words)
  u = coupling.uniform_of(words, tf.float64)
  f, f_tilde = (tf.squeeze((x - 0.3) ** 2, -1) for x in (b, b_tilde))
  arm = tf_mco.arm_gradient(f, f_tilde, u).numpy().ravel()
  disarm = tf_mco.disarm_gradient(f, f_tilde, b, b_tilde, logits)
  disarm = disarm.numpy().ravel()
  pair = (2 * b + b_tilde).numpy().ravel()
  for outcome in np.unique(pair):
    chosen = pair == outcome
    np.testing.assert_allclose(
      arm[chosen].mean(), disarm[chosen].mean(), atol=1e-5
    )


@pytest.mark.parametrize(
  'shape', [(3, 4), (3, 4, 5), (3, 4, 5, 2)], ids=['scalar', 'vector', 'matrix']
)
def test_event_shapes(shape: tuple[int, ...]) -> None:
  rng = np.random.default_rng(0)
  f, f_tilde = rng.normal(size=(2, 3, 4))
  b, b_tilde = rng.integers(0, 2, size=(2, *shape)).astype(float)
  u, logits = rng.uniform(size=shape), rng.normal(size=shape[1:])
  inputs = [tf.constant(x) for x in (f, f_tilde, b, b_tilde, logits)]
  disarm = tf_mco.disarm_gradient(*inputs)
  arm = tf_mco.arm_gradient(*inputs[:2], tf.constant(u))
  index = (2, 1, *[0] * (len(shape) - 2))
  difference = f[2, 1] - f_tilde[2, 1]
  scale = 1 / (1 + np.exp(-abs(logits[index[1:]])))
  expected = difference / 2 * (b[index] - b_tilde[index]) * scale
  assert disarm.shape == arm.shape == shape
  np.testing.assert_allclose(disarm[index], expected, rtol=1e-12)
  np.testing.assert_allclose(
    arm[index], difference * (u[index] - 0.5), rtol=1e-12
  )


def test_no_gradient_flows() -> None:
  logits, f = tf.constant([[0.5]]), tf.constant([1.0])
  with tf.GradientTape() as tape:
    tape.watch((logits, f))
    word = _word([[[0.1]]], np.int32)
    b, b_tilde = coupling.antithetic_bernoulli(logits, word)
    total = tf.reduce_sum(b + b_tilde) + tf.reduce_sum(
      tf_mco.disarm_gradient(f, -f, b, b_tilde, logits)
    )
    total += tf.reduce_sum(tf_mco.arm_gradient(f, -f, logits))
  assert tape.gradient(total, (logits, f)) == (None, None)
