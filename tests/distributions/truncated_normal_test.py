"""TruncatedNormal: samples in the bulk and in all tails."""

from __future__ import annotations

import numpy as np
from scipy import stats
import tensorflow as tf

from tf_mco import distributions


def test_truncated_normal_samples_in_all_tails() -> None:
  loc = tf.constant([0.5, -40.0, 60.0, 0.0], tf.float64)
  low = tf.constant([0.0, 0.0, -np.inf, -np.inf], tf.float64)
  high = tf.constant([1.0, np.inf, 0.0, np.inf], tf.float64)
  one = tf.ones([], tf.float64)
  distribution = distributions.TruncatedNormal(loc, one, low, high)
  with tf.GradientTape() as tape:
    tape.watch(loc)
    z = distribution.sample(20_000, seed=3)
  slope = tape.gradient(z, loc)
  assert np.all(z >= low) and np.all(z <= high)
  assert np.all(np.isfinite(slope))
  for index in range(4):
    a, b = low[index] - loc[index], high[index] - loc[index]
    cdf = stats.truncnorm(a, b, loc[index], 1).cdf
    assert stats.kstest(z[:, index], cdf).pvalue > 1e-3
  # A far tail is exponential, of rate distance / variance.
  average = slope.numpy()[1] / 20_000
  np.testing.assert_allclose(average, 1 / 40**2, rtol=0.05)
