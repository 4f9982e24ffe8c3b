"""The planar flow of the Gaussian study."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from experiments.studies.hvae_gaussian import flow


def test_planar_flow() -> None:
  """Its log-volume is that of the Jacobian, also where u must be moved."""
  rng = np.random.default_rng(0)
  z = tf.constant(rng.normal(size=(4, 2, 3)))
  w = rng.normal(size=(2, 3))
  u, b = tf.constant(np.stack([-3 * w[0], w[1]])), tf.constant([0.1, -0.4])
  b = tf.cast(b, tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(z)
    moved, log_det = flow.planar(z, u, tf.constant(w), b)
    total = tf.reduce_sum(moved, [0, 1])
  jacobian = tf.transpose(tape.jacobian(total, z), [1, 2, 0, 3])
  _, expected = np.linalg.slogdet(jacobian)
  np.testing.assert_allclose(log_det, expected, rtol=1e-10, atol=1e-12)
  assert (np.linalg.det(jacobian) > 0).all()
