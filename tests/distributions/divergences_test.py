"""KL divergences in closed form, against SciPy and TFP."""

from __future__ import annotations

import numpy as np
from scipy import special
import tensorflow as tf

from tf_mco import distributions
from tf_mco._tfp import tfd


def test_divergence_at_every_concentration() -> None:
  for scale in (1e-3, 1.0, 1e4):
    p = distributions.Gamma(tf.constant(scale), 1.0)
    q = tfd.Gamma(tf.constant(1.1 * scale), 1.0)
    a, b = np.float64(np.float32(scale)), np.float64(np.float32(1.1 * scale))
    expected = (
      (a - b) * special.digamma(a) - special.gammaln(a) + special.gammaln(b)
    )
    np.testing.assert_allclose(tfd.kl_divergence(p, q), expected, rtol=2e-6)


def test_divergence_of_betas() -> None:
  p, q = distributions.Beta(2.0, 0.1), tfd.Beta(0.5, 3.0)
  expected = tfd.kl_divergence(tfd.Beta(2.0, 0.1), q)
  np.testing.assert_allclose(tfd.kl_divergence(p, q), expected, rtol=1e-5)
