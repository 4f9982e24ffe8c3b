"""Tests of distributions.Bernoulli against SciPy and TFP."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
import tensorflow as tf

from tf_mco import distributions
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.estimators import coupling
from tf_mco.layers.objective import pixels

_LOGITS = np.array([[-30.0, -2.0, 0.0], [0.7, 4.0, 30.0]])


def _probability(logits: np.ndarray) -> np.ndarray:
  return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('value', [0, 1])
def test_log_prob_agrees_with_scipy(dtype: type, value: int) -> None:
  bernoulli = distributions.Bernoulli(logits=_LOGITS.astype(dtype))
  expected = special.log_expit(_LOGITS if value else -_LOGITS)
  result = bernoulli.log_prob(dtype(value))
  assert result.dtype == dtype
  tolerance = 30 * np.finfo(dtype).eps  # one rounding of the largest logit
  np.testing.assert_allclose(result, expected, rtol=4e-7, atol=tolerance)


def test_log_prob_takes_integers_and_interpolates_between_0_and_1() -> None:
  bernoulli = distributions.Bernoulli(logits=_LOGITS)
  zero, one = bernoulli.log_prob(0.0), bernoulli.log_prob(1.0)
  for integers in (np.array([1, 0, 1]), tf.constant([1, 0, 1])):
    np.testing.assert_allclose(
      bernoulli.log_prob(integers), np.where([1, 0, 1], one, zero)
    )
  mixture = bernoulli.log_prob(0.25)
  np.testing.assert_allclose(mixture, 0.75 * zero + 0.25 * one, rtol=1e-12)


def test_gradients_of_log_prob_of_first_and_second_order() -> None:
  logits = tf.constant(_LOGITS)
  with tf.GradientTape() as outer:
    outer.watch(logits)
    with tf.GradientTape() as tape:
      tape.watch(logits)
      log_prob = distributions.Bernoulli(logits=logits).log_prob(1.0)
    first = tape.gradient(log_prob, logits)
  second = outer.gradient(first, logits)
  p = _probability(_LOGITS)
  np.testing.assert_allclose(first, 1 - p, atol=1e-15)
  np.testing.assert_allclose(second, -p * (1 - p), atol=1e-15)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
def test_samples_are_binary_of_the_dtype_of_the_logits(dtype: tf.DType) -> None:
  bernoulli = distributions.Bernoulli(logits=tf.cast(_LOGITS, dtype))
  sample = bernoulli.sample([2, 5], seed=1)
  assert (sample.dtype, sample.shape) == (dtype, (2, 5, 2, 3))
  assert set(np.unique(sample)) <= {0.0, 1.0}
  np.testing.assert_array_equal(sample, bernoulli.sample([2, 5], seed=1))
  assert not np.array_equal(sample, bernoulli.sample([2, 5], seed=2))


@pytest.mark.parametrize('jit', [False, True])
def test_frequencies_of_samples(jit: bool) -> None:
  # |z| < 4 for four frequencies: a false alarm in 4,000 changes of the seed.
  num = 200_000
  logits = np.array([-3.0, -0.5, 0.0, 2.0])

  @tf.function(jit_compile=jit)
  def frequencies() -> tf.Tensor:
    bernoulli = distributions.Bernoulli(logits=logits)
    return tf.reduce_mean(bernoulli.sample(num, seed=tf.constant([5, 6])), 0)

  p = _probability(logits)
  z = (frequencies().numpy() - p) / np.sqrt(p * (1 - p) / num)
  assert np.all(np.abs(z) < 4), z


def test_samples_are_the_same_with_and_without_jit() -> None:
  def draw() -> tf.Tensor:
    return distributions.Bernoulli(logits=_LOGITS).sample(100, seed=3)

  compiled = tf.function(draw, jit_compile=True)
  np.testing.assert_array_equal(draw(), compiled())


def test_moments_and_divergence_agree_with_tfp() -> None:
  ours = distributions.Bernoulli(_LOGITS)
  theirs = tfd.Bernoulli(logits=tf.constant(_LOGITS))
  other = tfd.Bernoulli(logits=tf.constant(0.4, tf.float64))
  for name in ('mean', 'variance', 'entropy'):
    np.testing.assert_allclose(getattr(ours, name)(), getattr(theirs, name)())
  np.testing.assert_allclose(
    tfd.kl_divergence(ours, other), tfd.kl_divergence(theirs, other)
  )
  assert ours.batch_shape == theirs.batch_shape
  np.testing.assert_allclose(ours[0].mean(), theirs[0].mean())
  copy = ours.copy(logits=_LOGITS + 1)
  assert isinstance(copy, distributions.Bernoulli)
  np.testing.assert_allclose(copy.logits_parameter(), _LOGITS + 1)


def test_a_sample_without_a_seed_is_refused() -> None:
  with pytest.raises(ValueError, match='seed'):
    distributions.Bernoulli(_LOGITS).sample(3)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
def test_an_impossible_bit_is_never_drawn(
  dtype: tf.DType, monkeypatch: pytest.MonkeyPatch
) -> None:
  """Every door is given the words at both ends of the range."""
  kind = tf.int64 if dtype == tf.float64 else tf.int32
  half = 2 ** (kind.size * 8 - 2)
  ends = tf.constant([[-half] * 2, [half - 1] * 2], kind)
  monkeypatch.setattr(random, 'words', lambda *_, **__: ends)
  logits = tf.constant([-60.0, 60.0], dtype)
  draws = [
    distributions.sample(tfd.Bernoulli(logits=logits), [2], seed=1),
    distributions.sample(distributions.Bernoulli(logits), [2], seed=1),
  ]
  for end in range(2):
    pair = coupling.antithetic_bernoulli(logits, ends[end])
    draws.append(tf.stack(pair))
  pixel = tf.constant([[1e-30, 1.0]] * 2, dtype)
  draws.append(pixels.binarize(pixel, seed=1))
  for draw in draws:
    np.testing.assert_array_equal(draw, [[0, 1], [0, 1]])
