"""The path derivative of a Gamma variable in float32, by a polynomial.

Let y = log x with x of Gamma(alpha, 1). The path derivative dy/dalpha is a
smooth function of z = y - log(alpha + 1) and w = 1 / (alpha + 1), once it is
multiplied by alpha:

  alpha dy/dalpha = exp(-2 z / 3) P(z, w)              for y >= -1,
  alpha dy/dalpha = S (Q(w) - z) - dS/dalpha           for y < -1,

where S = sum_n x^n / ((alpha + 1) ... (alpha + n)) is the power series of the
cumulative distribution function, and Q(w) = digamma(1 / w) + log(w). Both z and
w are accurate where the difference y - digamma(alpha) has lost its digits.

P was fitted to the quadrature of `numerics.gamma`, and Q to scipy's digamma
function, so that the largest relative error of P and the largest error of Q are
as small as possible. In exact arithmetic these are 1.5e-7 and 4e-8. The domain
of the fit is what a sampler in float32 can draw: any alpha > 0, and normal
noises of Marsaglia and Tsang up to 5.6 in magnitude, where `random.normal` ends
at 5.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

_SWITCH = -1.0  # of log x, from the series to the polynomial
_TERMS = 7  # of the series: the next is below 3e-9 of the sum
_POWER = -2 / 3

# The row i has the coefficients of z^i, as a polynomial in w.
# fmt: off
_POLYNOMIAL = (
  (1.00000012, -3.33337079e-1, -6.66020548e-2, -1.00010794e-2, 6.31186178e-3,
   1.59934422e-3, -2.16725317e-3, 5.43519700e-4),
  (1.66666597e-1, -1.38887644e-1, -2.77185730e-2, -7.98811793e-3,
   5.78884519e-4, 1.87377750e-3, -6.13052677e-4),
  (-2.77780775e-2, -1.01960647e-2, -4.47075007e-7, -1.49128254e-3,
   -1.24566201e-3, 4.78540430e-4),
  (-6.17283237e-3, 4.82056498e-3, 2.06374227e-3, 6.87922593e-4, -4.87734414e-4,
   2.66708290e-5),
  (6.69802934e-4, 8.67964056e-4, 2.23468875e-4, 3.57066142e-4, -4.50896521e-5),
  (1.72180570e-4, -1.15606672e-4, -1.24824861e-4, 2.25584529e-5, 1.86754325e-5),
  (-1.67002611e-5, -3.47487853e-5, -3.45565673e-5, -1.10925156e-5),
  (-4.70853453e-6, 3.91120818e-6, 2.01214222e-6, -2.25149507e-6),
  (3.71865846e-7, 1.70920841e-6, 1.68967378e-6),
  (1.06573457e-7, -5.86200246e-8, 1.35148690e-7),
  (-1.82026934e-8, -8.22599340e-8),
  (-2.51364607e-9, -9.41116076e-9),
  (1.49641758e-9,),
  (2.69770353e-10,),
)
_DIGAMMA = (
  3.93778811e-8, -0.500004523, -0.0832458785, -6.58966808e-4, 0.0108099567,
  -0.00499663608, 8.80335854e-4,
)
# fmt: on


def log_derivative(alpha: tf.Tensor, log_x: tf.Tensor) -> tf.Tensor:
  """Returns d log x / d alpha at fixed F(x), with a relative error of 1e-6.

  Args:
    alpha: concentrations, float32, of a shape that broadcasts with `log_x`.
    log_x: logarithms of Gamma(alpha, 1) variables that `gamma.log_sample` drew
      in float32. Far outside of the range of that sampler the result is wrong;
      use `gamma.log_derivative` there.
  Returns:
    A float32 tensor. A derivative that overflows is the largest float32.
  """
  shifted = alpha + 1
  inverse, log_shifted = 1 / shifted, tf.math.log1p(alpha)
  # Both branches are computed for all elements, each at an argument of its own
  # range, so that the branch that is not taken stays finite.
  z = tf.maximum(log_x, _SWITCH) - log_shifted
  rows = [_horner(row, inverse) for row in _POLYNOMIAL]
  tail = tf.exp(_POWER * z) * _horner(rows, z)
  low = tf.minimum(log_x, _SWITCH)
  total, slope = _series(alpha, tf.exp(low))
  distance = _horner(_DIGAMMA, inverse) - (low - log_shifted)
  series = total * distance - slope
  result = tf.where(log_x < _SWITCH, series, tail) / alpha
  # An infinite derivative times a sample that underflowed would be NaN.
  return tf.minimum(result, alpha.dtype.max)


def _series(alpha: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns S and its derivative in alpha, by a backward recurrence."""
  total, slope = tf.ones_like(x), tf.zeros_like(x)
  for n in range(_TERMS, 0, -1):
    inverse = 1 / (alpha + n)
    ratio = x * inverse
    slope = ratio * (slope - total * inverse)
    total = 1 + ratio * total
  return total, slope


def _horner(
  coefficients: Sequence[float | tf.Tensor], at: tf.Tensor
) -> float | tf.Tensor:
  """Returns the polynomial with the coefficients, that of `at`^0 first."""
  *others, result = coefficients
  for coefficient in reversed(others):
    result = result * at + coefficient
  return result
