"""Derivatives of samples from their definition, by mpmath to 30 digits."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import tensorflow as tf

_STEP = mpmath.mpf(10) ** -12


def slope(fn: Callable, at: float) -> mpmath.mpf:
  """Returns the derivative of `fn` by a central difference, 1e-20 exact."""
  at = mpmath.mpf(float(at))
  return (fn(at + _STEP) - fn(at - _STEP)) / (2 * _STEP)


def gamma_log_slope(alpha: float, log_x: float) -> float:
  """Returns d log x / d alpha of Gamma(alpha, 1) at fixed CDF."""
  with mpmath.workdps(40):
    x = mpmath.exp(mpmath.mpf(float(log_x)))

    def mass(a: mpmath.mpf) -> mpmath.mpf:
      return mpmath.gammainc(a, 0, x, regularized=True)

    a = mpmath.mpf(float(alpha))
    x_density = mpmath.exp(a * mpmath.log(x) - x - mpmath.loggamma(a))
    return float(-slope(mass, alpha) / x_density)


def beta_slopes(a: float, b: float, x: float) -> tuple[float, float]:
  """Returns dx/da and dx/db of Beta(a, b), from the CDF's definition.

  The CDF is integrated in log-odds, on pieces no longer than a standard
  deviation around x, and its score with it.
  """
  with mpmath.workdps(25):
    a, b, x = (mpmath.mpf(float(v)) for v in (a, b, x))
    odds = mpmath.log(x / (1 - x))
    step = min(mpmath.mpf(2), mpmath.sqrt(1 / a + 1 / b))
    pieces = [odds - 60 * max(1 / a, step)]
    pieces += [odds - step * k for k in (32, 16, 12, 8, 6, 4, 3, 2, 1, 0)]
    both = mpmath.digamma(a + b)

    def integral(score: Callable) -> float:
      def integrand(t: mpmath.mpf) -> mpmath.mpf:
        v = 1 / (1 + mpmath.exp(-t))
        w = 1 / (1 + mpmath.exp(t))
        density = (v / x) ** a * (w / (1 - x)) ** b
        return score(v, w) * density

      return float(-mpmath.quad(integrand, pieces) * x * (1 - x))

    return (
      integral(lambda v, w: mpmath.log(v) - mpmath.digamma(a) + both),
      integral(lambda v, w: mpmath.log(w) - mpmath.digamma(b) + both),
    )


def von_mises_slope(kappa: float, z: float) -> float:
  """Returns dz/dkappa at fixed CDF, by quadrature of the score from -pi."""
  with mpmath.workdps(30):
    kappa, z = mpmath.mpf(float(kappa)), mpmath.mpf(float(z))
    mean = mpmath.besseli(1, kappa) / mpmath.besseli(0, kappa)
    width = 1 / mpmath.sqrt(1 + kappa)
    # F(z) - F(0), as the derivative of F(0) = 1/2 is zero.
    steps = [z * k / 4 for k in range(5)]
    if abs(z) > 8 * width:
      steps = [0, *(mpmath.sign(z) * width * k for k in (1, 2, 4, 8)), z]
    change = mpmath.quad(
      lambda t: (
        (mpmath.cos(t) - mean)
        * mpmath.exp(kappa * (mpmath.cos(t) - mpmath.cos(z)))
      ),
      steps,
    )
    return float(-change)


def truncated_normal(
  loc: float, scale: float, low: float, high: float, x: float
) -> dict[str, float]:
  """Returns the density, its derivatives and moments, by quadrature.

  All exponents are counted from the point nearest to the location, and the
  integrals end where the density is exp(-72) of the largest.
  """
  with mpmath.workdps(30):
    loc, scale, x = (mpmath.mpf(float(v)) for v in (loc, scale, x))
    near = mpmath.mpf(min(max(float(loc), float(low)), float(high)))
    tail = abs(near - loc) / scale
    reach = scale * 144 / (tail + mpmath.sqrt(tail**2 + 144))
    start, end = max(low, near - reach), min(high, near + reach)
    nodes = [start + (end - start) * k / 3 for k in range(4)]

    def weight(t: mpmath.mpf) -> mpmath.mpf:
      return mpmath.exp((near - t) * (near + t - 2 * loc) / scale**2 / 2)

    def mean(function: Callable) -> mpmath.mpf:
      total = mpmath.quad(lambda t: function(t) * weight(t), nodes)
      return total / mass

    mass = mpmath.quad(weight, nodes)
    first = mean(lambda t: t - near)
    spread = mean(lambda t: (t - near - first) ** 2)
    offset = near - loc
    square = mean(lambda t: (t - near) * (t - near + 2 * offset))
    values = {
      'log_prob': mpmath.log(weight(x) / mass),
      'by_loc': (x - near - first) / scale**2,
      'by_scale': ((x - near) * (x - near + 2 * offset) - square) / scale**3,
      'by_low': weight(low) / mass if low > -mpmath.inf else 0,
      'by_high': -weight(high) / mass if high < mpmath.inf else 0,
      'mean': near + first,
      'variance': spread,
      'entropy': mpmath.log(mass) + square / scale**2 / 2,
    }
    return {name: float(value) for name, value in values.items()}


def z_score(samples: tf.Tensor, mean: float) -> float:
  """Returns the distance of the average from `mean` in standard errors."""
  samples = np.asarray(samples, np.float64).reshape(-1)
  if not np.all(np.isfinite(samples)):
    return np.inf
  error = samples.std() / np.sqrt(samples.size)
  return float((samples.mean() - mean) / error)


def gradients_by_draw(
  function: Callable, parameters: list, *, draws: int, jit: bool
) -> list[tf.Tensor]:
  """Returns the gradient of a function of a sample, draw by draw."""

  @tf.function(jit_compile=jit)
  def run() -> list[tf.Tensor]:
    many = [
      tf.broadcast_to(parameter, [draws, *parameter.shape])
      for parameter in parameters
    ]
    with tf.GradientTape() as tape:
      tape.watch(many)
      value = function(*many)
    return tape.gradient(value, many)

  return run()
