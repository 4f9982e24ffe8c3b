"""Autoregressive distributions against SciPy and a closed form."""

from __future__ import annotations

import numpy as np
from scipy import stats
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd


def test_autoregressive_conditionals() -> None:
  scale = tf.constant([0.5, 2.0])
  with tf.GradientTape() as tape:
    tape.watch(scale)
    joint = distributions.implicit(
      [
        tfd.Normal(tf.zeros(2), scale),
        lambda first: tfd.Normal(3 * first, scale**2),
      ]
    )
    z = joint.sample(seed=1)
  assert z.shape == (2, 2) and joint.event_shape == (2,)
  e1, e2 = z[:, 0] / scale, (z[:, 1] - 3 * z[:, 0]) / scale**2
  np.testing.assert_allclose(
    tape.gradient(z, scale), e1 + 3 * e1 + 2 * scale * e2, rtol=1e-4
  )
  expected = stats.norm.logpdf(z[:, 0], 0, scale)
  expected += stats.norm.logpdf(z[:, 1], 3 * z[:, 0], scale**2)
  np.testing.assert_allclose(joint.log_prob(z), expected, rtol=1e-5)
