"""Gamma variables in log space: samples, and their path derivative.

Let y = log x with x of Gamma(alpha, 1), F the cumulative distribution function
of y and g its density. The path derivative is dy/dalpha = -(dF/dalpha) / g(y).
The score of g in alpha is y - digamma(alpha), whose mean is zero, and so

  dy/dalpha = integral_0^inf (|d| + s) exp(-phi(s)) ds,  d = y - digamma(alpha),
  phi(s) = x expm1(sign s) - sign alpha s,  sign = the sign of d,

where the integral is taken over the tail that lies on the side of y. The
integrand has one sign, hence nothing cancels, for any concentration. The
function phi is convex and grows from 0, so that a fixed number of
Gauss-Legendre nodes on [0, T], with phi(T) about 36, is exact to 1e-13 for
x >= 1 and for concentrations up to 1e4. For x < 1 the power series of F in x
takes over. All of this is elementwise.

The arithmetic is float64 for any dtype, because the difference d loses all
digits of float32 above alpha = 1e3. Where float32 is asked for, 14 nodes
replace 32, which leaves an error of 1e-6. The samples in float32 do not need
the quadrature, because `gamma_polynomial` serves all that a sampler draws. The
cumulative distribution function, whose x may be any number, does.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import chunked
from tf_mco.distributions.numerics import gamma_polynomial
from tf_mco.distributions.numerics import implicit_gradient
from tf_mco.distributions.numerics import quadrature
from tf_mco.distributions.numerics import rejection
from tf_mco.distributions.numerics import traced
from tf_mco.ops import gradients

# The number of nodes, phi(T), and the number of terms of the series.
_QUALITY = {tf.float32: (14, 18.0, 10), tf.float64: (32, 36.0, 19)}
_CHUNK = 8  # nodes that are evaluated at once: a bound on memory

_LOWEST = -0.99999  # of the proposal t, because 1 + t must be positive
_MAX_ROUNDS = 100  # one proposal in 20 is refused: the limit is never reached

# B[2k] / 2k of the asymptotic series of digamma, k = 1, 2, ..., where B[2k] is
# a Bernoulli number.
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
_SHIFT = 10


def log_sample(concentration: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns log x, where x is of Gamma(concentration, 1), gradient stopped.

  The sampler takes the proposals of Marsaglia and Tsang for the whole tensor
  and repeats them until each element has accepted one, after about
  log(size) / log(20) rounds. A concentration alpha below 1 is raised by 1, and
  log(U) / alpha is added to the logarithm of the sample, where U is uniform.
  Nothing underflows, because x itself is not computed.

  Args:
    concentration: one positive number per sample. Other numbers give NaN.
    seed: an integer or an int32 `[2]` tensor.
  Reference: Marsaglia and Tsang (2000), ACM TOMS 26(3).
  """
  # Serves the concentration, whose gradient `with_path_gradient` attaches.
  alpha = tf.stop_gradient(concentration)
  log_x = _log_sample(alpha, random.as_seed(seed))
  return tf.ensure_shape(tf.stop_gradient(log_x), alpha.shape)


@traced.in_graph
def _log_sample(alpha: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Returns log x; see `log_sample`."""
  return chunked.elementwise(
    lambda start, part: _log_sample_part(part, seed, start), alpha
  )


def _log_sample_part(
  alpha: tf.Tensor, seed: tf.Tensor, start: tf.Tensor | None
) -> tf.Tensor:
  """Returns log x for the elements from the index `start`."""
  raised = alpha < 1
  boosted = tf.where(raised, alpha + 1, alpha)
  loop_seed, power_seed = random.split(seed, 2)
  log_x = _marsaglia_tsang(boosted, loop_seed, start)
  u = random.open_uniform(
    tf.shape(alpha), dtype=alpha.dtype, seed=power_seed, start=start
  )
  power = tf.where(raised, tf.math.log(u) / alpha, tf.zeros_like(alpha))
  return log_x + power


def with_path_gradient(concentration: tf.Tensor, log_x: tf.Tensor) -> tf.Tensor:
  """Returns `log_x` unchanged, with its gradient in the concentration.

  Args:
    concentration: `[...]`. The gradient flows to the concentration.
    log_x: `sample_shape + [...]`, logarithms that `log_sample` drew for this
      concentration, in its dtype, without a gradient.
  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """
  log_x = tf.stop_gradient(log_x)
  return implicit_gradient.with_path_gradient(
    log_x, [concentration], lambda alpha: [_sample_derivative(alpha, log_x)]
  )


@traced.in_graph
def _sample_derivative(alpha: tf.Tensor, log_x: tf.Tensor) -> tf.Tensor:
  """Returns d log x / d alpha at fixed F(x), in the dtype of both."""
  alpha = tf.broadcast_to(alpha, tf.shape(log_x))
  return chunked.elementwise(_derivative_part, alpha, log_x)


def _derivative_part(
  start: tf.Tensor | None, alpha: tf.Tensor, log_x: tf.Tensor
) -> tf.Tensor:
  """Returns the derivative of a part of the samples."""
  del start
  if alpha.dtype == tf.float32:
    return gamma_polynomial.log_derivative(alpha, log_x)
  return log_derivative(alpha, log_x, quality=alpha.dtype)


def log_derivative(
  alpha: tf.Tensor, log_x: tf.Tensor, *, quality: tf.DType
) -> tf.Tensor:
  """Returns d log x / d alpha at fixed F(x), float64.

  Args:
    alpha: concentrations, of a shape that broadcasts with `log_x`.
    log_x: any real numbers. The number x itself may underflow.
    quality: float32 or float64.
  """
  alpha, log_x = tf.cast(alpha, tf.float64), tf.cast(log_x, tf.float64)
  nodes, reach, terms = _QUALITY[tf.as_dtype(quality)]
  # Both branches are computed for all elements, each at an argument of its own
  # range, so that the branch that is not taken stays finite.
  series = _series(alpha, tf.minimum(log_x, 0.0), terms)
  tail = _tail(alpha, tf.maximum(log_x, 0.0), nodes, reach)
  return tf.where(log_x < 0, series, tail)


def cdf(concentration: tf.Tensor, x: tf.Tensor, *, upper: bool) -> tf.Tensor:
  """Returns P(alpha, x), or 1 - P(alpha, x), with gradients in alpha and x.

  The gradient in alpha is computed here. The gradient that TensorFlow attaches
  to `igamma` loses in float32 the digits that an implicit gradient divides by
  a small density.

  Args:
    concentration: alpha, of the shape of x.
    x: positive.
    upper: selects the upper tail, 1 - P(alpha, x).
  """
  sign = -1.0 if upper else 1.0
  function = tf.math.igammac if upper else tf.math.igamma

  @gradients.custom_gradient
  def value(alpha: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
      log_x = tf.math.log(x)
      density = tf.exp((alpha - 1) * log_x - x - tf.math.lgamma(alpha))
      slope = log_derivative(alpha, log_x, quality=x.dtype)
      slope = implicit_gradient.first_order(tf.cast(slope, x.dtype))
      by_x = sign * upstream * density
      # dF/dalpha = -density dx/dalpha = -(x density) dlog(x)/dalpha, and the
      # product x density is finite where x underflows.
      mass = tf.exp(alpha * log_x - x - tf.math.lgamma(alpha))
      return -sign * upstream * mass * slope, by_x

    return function(alpha, x), backward

  return value(concentration, x)


def digamma(x: tf.Tensor) -> tf.Tensor:
  """Returns the digamma function of positive float64 x, to two roundings.

  XLA's own digamma loses two digits more than the kernel that TensorFlow runs
  without XLA, and the path derivative of a Gamma variable with a large
  concentration needs those digits.
  """
  # digamma(x) = digamma(x + 10) - 1/x - ... - 1/(x + 9): the asymptotic series
  # is exact at arguments above 10.
  shifted = x + _SHIFT
  inverse_square = 1 / (shifted * shifted)
  series = tf.zeros_like(x)
  for coefficient in reversed(_DIGAMMA):
    series = (series + coefficient) * inverse_square
  result = tf.math.log(shifted) - 0.5 / shifted - series
  # The largest term comes last, so that the small ones are not rounded away.
  for k in reversed(range(_SHIFT)):
    result -= 1 / (x + k)
  return result


def _marsaglia_tsang(
  alpha: tf.Tensor, seed: tf.Tensor, start: tf.Tensor | None
) -> tf.Tensor:
  """Returns log x for concentrations of at least 1.

  With d = alpha - 1/3 and a standard normal variable e, the proposal is
  x = d (1 + t)^3, t = e / (3 sqrt(d)).
  """
  shape = tf.shape(alpha)
  d = alpha - 1 / 3
  slope = 1 / (3 * tf.sqrt(d))

  def draw_numbers(
    noise_seed: tf.Tensor, uniform_seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    noise, u = (
      random.uniform(shape, dtype=alpha.dtype, seed=seed, start=start)
      for seed in (noise_seed, uniform_seed)
    )
    return noise, u

  def propose(
    noise: tf.Tensor, u: tf.Tensor, d: tf.Tensor, slope: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    t = slope * noise
    outside = t <= _LOWEST
    log_ratio = d * _log_ratio(tf.maximum(t, _LOWEST))
    return t, outside | (tf.math.log(u) > log_ratio)

  t = rejection.first_accepted(
    propose,
    draw_numbers,
    parameters=[d, slope],
    pending=-2.0,  # an accepted t is above -1
    max_rounds=_MAX_ROUNDS,
    seed=seed,
    prepare=lambda noise, u: (random.normal_of(noise), random.opened(u)),
    compact=start is not None,
  )
  return tf.math.log(d) + 3 * tf.math.log1p(t)


def _log_ratio(t: tf.Tensor) -> tf.Tensor:
  """Returns 3 (log1p(t) - t + t^2 / 2) - t^3, the log-ratio over d.

  Near 0 the expression is of the order of t^4 and its terms cancel, so that
  its power series is used there.
  """
  series = tf.zeros_like(t)
  for n in range(9, 3, -1):
    series = (-1) ** (n + 1) / n + t * series
  direct = 3 * (tf.math.log1p(t) - t + t**2 / 2) - t**3
  return tf.where(tf.abs(t) < 0.1, 3 * series * t**4, direct)


def _series(alpha: tf.Tensor, log_x: tf.Tensor, terms: int) -> tf.Tensor:
  """Returns the derivative for x <= 1.

  F = x^alpha e^-x / Gamma(alpha + 1) S, S = sum_n x^n / (alpha + 1)_n, where
  (.)_n is the rising factorial. A backward recurrence gives S and its
  derivative in alpha.
  """
  x = tf.exp(log_x)
  total, slope = tf.ones_like(x + alpha), tf.zeros_like(x + alpha)
  for n in range(terms, 0, -1):
    inverse = 1 / (alpha + n)
    ratio = x * inverse
    slope = ratio * (slope - total * inverse)
    total = 1 + ratio * total
  # The factors x^alpha e^-x / Gamma(alpha) of dF/dalpha and of the density of
  # y cancel, which leaves a quotient without an underflow.
  distance = digamma(alpha + 1) - log_x
  return (total * distance - slope) / alpha


def _tail(
  alpha: tf.Tensor, log_x: tf.Tensor, nodes: int, reach: float
) -> tf.Tensor:
  """Returns the derivative for x >= 1, by quadrature over a tail."""
  x = tf.exp(log_x)
  distance = log_x - digamma(alpha)
  lower = distance < 0
  sign = tf.where(lower, -tf.ones_like(distance), tf.ones_like(distance))
  length = tf.where(
    lower, _lower_length(alpha, x, reach), _upper_length(alpha, x, reach)
  )
  drift, distance = sign * alpha, tf.abs(distance)

  def integrand(s: tf.Tensor) -> tf.Tensor:
    height = tf.exp(drift * s - x * tf.math.expm1(sign * s))
    return (distance + s) * height

  average = quadrature.average(integrand, length, num_nodes=nodes, chunk=_CHUNK)
  return length * average


def _lower_length(alpha: tf.Tensor, x: tf.Tensor, reach: float) -> tf.Tensor:
  """Returns T with phi(T) >= reach, from s - 1 + e^-s >= s^2 / (2 + s)."""
  # The positive root of a quadratic equation, in the form that does not cancel
  # where alpha is far above x, because `middle` is negative there.
  middle = reach - 2 * (alpha - x)
  return 4 * reach / (tf.sqrt(middle**2 + 8 * alpha * reach) - middle)


def _upper_length(alpha: tf.Tensor, x: tf.Tensor, reach: float) -> tf.Tensor:
  """Returns T with phi(T) >= reach.

  Newton's method on the convex phi starts above the solution, from
  e^s - 1 - s >= s^2 / 2, and stays above it.
  """
  gap = x - alpha
  length = 2 * reach / (gap + tf.sqrt(gap**2 + 2 * x * reach))
  for _ in range(3):
    growth = x * tf.math.expm1(length)
    excess = growth - alpha * length - reach
    length -= excess / (growth + gap)
  return length
