"""The loss of VIMCO on given log-weights."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

import tf_mco
from tf_mco import _tfp
from tf_mco.ops import log_weights

_LOG_W = np.array([[0.3], [-1.2], [2.0], [0.5]])
_WEIGHTS = [0.1262868582, 0.0281784069, 0.6912876180, 0.1542471169]
_SIGNALS = {
  'geometric': [-0.0178520960, -0.1903978924, 0.9400974978, 0.0194419311],
  'arithmetic': [-0.1526789022, -0.2590990349, 0.8876631657, -0.1201540100],
}

every_baseline = pytest.mark.parametrize('baseline', _SIGNALS)


def _near(found: object, expected: object) -> None:
  np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


@every_baseline
def test_signals(baseline: str) -> None:
  log_p, log_q = tf.constant(_LOG_W - 0.7), tf.zeros([4, 1], tf.float64) - 0.7
  with tf.GradientTape() as tape:
    tape.watch((log_p, log_q))
    bound = -tf_mco.vimco_loss(log_p, log_q, baseline=baseline)
  by_log_p, by_log_q = tape.gradient(bound, (log_p, log_q))
  _near(bound, [0.9829049462])
  _near(by_log_p[:, 0], _WEIGHTS)
  _near(by_log_q[:, 0] + by_log_p[:, 0], _SIGNALS[baseline])


def test_baselines_are_those_of_tfp() -> None:
  rng = np.random.default_rng(1)
  log_w = tf.constant(rng.normal(size=(6, 50)))
  swapped, mean = _tfp.stats.log_soomean_exp(log_w, axis=0)
  others, _ = _tfp.stats.log_loomean_exp(log_w, axis=0)
  geometric = log_weights.vimco_baseline(log_w, 'geometric')
  arithmetic = log_weights.vimco_baseline(log_w, 'arithmetic')
  np.testing.assert_allclose(geometric, swapped, rtol=1e-11, atol=1e-11)
  np.testing.assert_allclose(arithmetic, others, rtol=1e-11, atol=1e-11)
  np.testing.assert_allclose(log_weights.log_mean_exp(log_w), mean)


@every_baseline
def test_two_samples_have_one_baseline(baseline: str) -> None:
  log_w = tf.constant([[0.4, -3.0], [1.1, 50.0]], tf.float64)
  _near(log_weights.vimco_baseline(log_w, baseline), log_w[::-1])


def _zero_weights(num_samples: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns `[K, B]` samples and log p, all 2^K draws along the batch.

  Sample k has a model of its own, which rules out z[k] = 0 for all k but the
  last: up to K - 1 weights are zero, and the bound is finite.
  """
  draws = np.array(list(itertools.product([0.0, 1.0], repeat=num_samples))).T
  log_p = 0.3 * np.arange(num_samples)[:, None] - draws
  log_p[:-1][draws[:-1] == 0] = -math.inf
  return tf.constant(draws), tf.constant(log_p)


@pytest.mark.parametrize(
  ('num_samples', 'jit_compile'), [(2, False), (3, True), (4, False)]
)
@every_baseline
def test_zero_weights(
  baseline: str, num_samples: int, jit_compile: bool
) -> None:
  z, log_p = _zero_weights(num_samples)
  sign = 2 * z - 1

  def exact(logit: tf.Tensor) -> tf.Tensor:
    log_q = tf.math.log_sigmoid(sign * logit)
    bound = tf.reduce_logsumexp(log_p - log_q, 0) - math.log(num_samples)
    return tf.reduce_sum(tf.exp(tf.reduce_sum(log_q, 0)) * bound)

  def estimate(logit: tf.Tensor) -> tf.Tensor:
    log_q = tf.math.log_sigmoid(sign * logit)
    probability = tf.stop_gradient(tf.exp(tf.reduce_sum(log_q, 0)))
    loss = tf_mco.vimco_loss(log_p, log_q, baseline=baseline)
    return tf.reduce_sum(probability * -loss)

  def both(logit: tf.Tensor) -> list[tuple[tf.Tensor, tf.Tensor]]:
    results = []
    for fn in (exact, estimate):
      with tf.GradientTape() as tape:
        tape.watch(logit)
        value = fn(logit)
      results.append((value, tape.gradient(value, logit)))
    return results

  fn = tf.function(both, jit_compile=True) if jit_compile else both
  expected, found = fn(tf.constant(-0.4, tf.float64))
  _near(found, expected)
