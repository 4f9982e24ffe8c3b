"""AISLE raises its weights to a large power without overflow."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import estimators
from tf_mco import types
from tf_mco._tfp import tfd


@pytest.mark.parametrize('reparameterized', [True, False])
def test_large_alpha(reparameterized: bool) -> None:
  """At equal weights K wt is 1, and so is every power of it."""
  num_samples, alpha = 64, 30.0
  loc = tf.zeros([1, 1])
  estimator = estimators.Aisle(num_samples, alpha, reparameterized)
  noise = np.linspace(-1, 1.5, num_samples, dtype=np.float32)[:, None, None]
  with tf.GradientTape() as tape:
    tape.watch(loc)
    q = tfd.Independent(tfd.Normal(loc, 1.0), 1)
    z = loc + noise
    samples = z if reparameterized else tf.stop_gradient(z)
    # Weights of one, and a path or score of the noise all the same.
    log_q = q.log_prob(tf.stop_gradient(z))
    log_joint = lambda z: tf.stop_gradient(log_q) + 0 * z[..., 0]  # noqa: E731
    value = -estimator.surrogate(log_joint, q, types.Draw(samples)).loss
  scale = (alpha - 1) * (alpha if reparameterized else 1)
  gradient = tape.gradient(value, loc).numpy()
  np.testing.assert_allclose(gradient, scale * noise.mean(), rtol=1e-4)
