"""VonMises against mpmath, SciPy and closed forms.

Statistical tests: |z| < 4 with fixed seeds and at least 1e5 draws. A right
implementation fails a comparison once in 15,000 changes of the seed.
"""

from __future__ import annotations

import mpmath
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


_SMALL = [0.0, 1e-8, 1e-5, 1e-3, 0.1]


def _von_mises_slopes(kappa: float) -> dict[str, float]:
  """Returns derivatives in kappa by mpmath, from A = I1(kappa) / I0(kappa)."""
  with mpmath.workdps(30):
    k = mpmath.mpf(kappa)
    mean = mpmath.besseli(1, k) / mpmath.besseli(0, k)
    # The ratio has the derivative 1 - A^2 - A / kappa, whose last term is 1/2
    # in the limit.
    slope = 1 - mean**2 - (mean / k if k else mpmath.mpf(1) / 2)
    unit = mpmath.besseli(1, 1) / mpmath.besseli(0, 1)
    values = {
      'log_prob': mpmath.cos(0.9) - mean,
      'curvature': -slope,
      'entropy': -k * slope,
      'kl_to_uniform': k * slope,
      'kl_from': (k - 2 * mpmath.cos(0.4)) * slope,
      'kl_to': mean - mpmath.cos(0.4) * unit,
    }
    return {name: float(value) for name, value in values.items()}


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'tolerance'), [(tf.float64, 1e-12), (tf.float32, 3e-7)]
)
def test_derivatives_at_small_kappa(
  dtype: tf.DType, tolerance: float, jit: bool
) -> None:
  def make(loc: float, kappa: tf.Tensor) -> distributions.VonMises:
    return distributions.VonMises(tf.constant(loc, dtype), kappa)

  @tf.function(jit_compile=jit)
  def run(kappa: tf.Tensor) -> dict[str, tf.Tensor]:
    one, zero = tf.ones([], dtype), tf.zeros([], dtype)
    with tf.GradientTape() as outer:
      outer.watch(kappa)
      with tf.GradientTape(persistent=True) as tape:
        tape.watch(kappa)
        q = make(0.1, kappa)
        values = {
          'log_prob': q.log_prob(tf.constant(1.0, dtype)),
          'entropy': q.entropy(),
          'kl_to_uniform': tfd.kl_divergence(q, make(0.7, zero)),
          'kl_from': tfd.kl_divergence(q, make(0.5, 2 * one)),
          'kl_to': tfd.kl_divergence(make(0.5, one), q),
        }
      slopes = {k: tape.gradient(v, kappa) for k, v in values.items()}
    return slopes | {'curvature': outer.gradient(slopes['log_prob'], kappa)}

  found = run(tf.constant(_SMALL, dtype))
  expected = [_von_mises_slopes(kappa) for kappa in _SMALL]
  for name, values in found.items():
    np.testing.assert_allclose(
      values, [e[name] for e in expected], rtol=0, atol=tolerance, err_msg=name
    )


@pytest.mark.parametrize('dtype', [tf.float64, tf.float32])
def test_samples_and_cdf_of_the_uniform_limit(dtype: tf.DType) -> None:
  kappa = tf.zeros([500], dtype)
  with tf.GradientTape(persistent=True) as tape:
    tape.watch(kappa)
    q = distributions.VonMises(tf.zeros([], dtype), kappa)
    z = q.sample(seed=2)
    mass = q.cdf(tf.stop_gradient(z))
  # F = (z + pi + kappa sin z + O(kappa^2)) / (2 pi).
  tolerance = 10 * np.finfo(dtype.as_numpy_dtype).eps
  np.testing.assert_allclose(
    tape.gradient(z, kappa), -np.sin(z), atol=tolerance
  )
  np.testing.assert_allclose(mass, (z + np.pi) / (2 * np.pi), atol=3e-7)
  np.testing.assert_allclose(
    tape.gradient(mass, kappa), np.sin(z) / (2 * np.pi), atol=3e-7
  )
