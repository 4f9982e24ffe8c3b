"""VonMises against mpmath, SciPy and closed forms.

Statistical tests: |z| < 4 with fixed seeds and at least 1e5 draws. A right
implementation fails a comparison once in 15,000 changes of the seed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special
from scipy import stats
import tensorflow as tf

from tests.distributions import references
from tf_mco import distributions
from tf_mco._tfp import tfd
from tf_mco.distributions.numerics import von_mises as von_mises_numerics

_KAPPA = [1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4]

# (kappa, z, F(z), dz / dkappa), the last by references.von_mises_slope.
_CASES = [
  (0.5, 1.0, 0.728477340875, -0.708948056126),
  (2.0, -0.7, 0.189097202813, 0.223805024675),
  (8.0, 0.3, 0.797048069282, -0.0195941787771),
  (20.0, 0.2, 0.812513793944, -0.00508354637268),
]


def test_stored_cases() -> None:
  kappa, z, cdf, slope = np.array(_CASES).T
  distribution = distributions.VonMises(np.float64(0), kappa)
  np.testing.assert_allclose(distribution.cdf(z), cdf, rtol=2e-7)
  computed = von_mises_numerics.derivative(kappa, tf.constant(z))
  np.testing.assert_allclose(computed, slope, rtol=2e-11)


@pytest.mark.parametrize('jit', [False, True])
def test_samples_and_mean_derivatives(jit: bool) -> None:
  kappa = tf.constant(_KAPPA)

  @tf.function(jit_compile=jit)
  def run() -> tuple[tf.Tensor, tf.Tensor]:
    many = tf.broadcast_to(kappa, [100_000, len(_KAPPA)])
    with tf.GradientTape() as tape:
      tape.watch(many)
      z = distributions.VonMises(0.0, many).sample(seed=3)
    return z, tape.gradient(z, many)

  z, slope = (np.asarray(part, float) for part in run())
  for index, k in enumerate(_KAPPA):
    mean = special.i1e(k) / special.i0e(k)
    lift = 2 * np.sin(z[:, index] / 2) ** 2
    scores = [
      references.z_score(lift, 1 - mean),
      references.z_score(np.sin(z[:, index]), 0.0),
      references.z_score(
        -np.sin(z[:, index]) * slope[:, index], 1 - mean**2 - mean / k
      ),
    ]
    np.testing.assert_array_less(np.abs(scores), 4, err_msg=f'kappa {k}')
    assert stats.kstest(z[::50, index], stats.vonmises(k).cdf).pvalue > 1e-4


def test_location_and_wrapping() -> None:
  loc, kappa = tf.constant([3.0, -3.1]), tf.constant([2.0, 0.5])
  with tf.GradientTape() as tape:
    tape.watch(loc)
    z = distributions.VonMises(loc, kappa).sample(1000, seed=1)
  assert np.max(np.abs(z)) <= np.float32(np.pi) * (1 + 1e-6)
  np.testing.assert_array_equal(tape.gradient(z, loc), [1000, 1000])
  uniform = distributions.VonMises(0.0, 0.0).sample(1000, seed=1)
  assert stats.kstest(uniform, stats.uniform(-np.pi, 2 * np.pi).cdf)[1] > 1e-3


def test_density_divergence_and_gradient_of_the_cdf() -> None:
  kappa = np.array([0.3, 5.0, 1e4])
  x = np.array([2.0, -0.4, 0.02])
  distribution = distributions.VonMises(0.0, kappa.astype(np.float32))
  expected = stats.vonmises.logpdf(x, kappa)
  computed = distribution.log_prob(x.astype(np.float32))
  np.testing.assert_allclose(computed, expected, rtol=1e-5)
  p = tfd.VonMises(np.float64(0.2), kappa)
  q = tfd.VonMises(np.float64(1.0), 1.5 * kappa)
  ours = distributions.VonMises(np.float64(0.2), kappa)
  np.testing.assert_allclose(
    tfd.kl_divergence(ours, q), tfd.kl_divergence(p, q), rtol=1e-9
  )
  wide = tf.constant([0.3, 5.0], tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(wide)
    cdf = distributions.VonMises(np.float64(0), wide).cdf(x[:2])
  density = stats.vonmises.pdf(x[:2], wide)
  slopes = [
    references.von_mises_slope(k, v) for k, v in zip(wide, x[:2], strict=True)
  ]
  expected = -density * np.array(slopes)
  np.testing.assert_allclose(tape.gradient(cdf, wide), expected, rtol=1e-9)
