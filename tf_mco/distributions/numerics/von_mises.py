"""Von Mises samples, and the path derivative of a sample in kappa.

At location 0, let q be the density of z and A = I1(kappa) / I0(kappa) =
E[cos z]. The derivative of log q in kappa is cos z - A, whose mean is zero. So
with r = |z|

  dz/dkappa = -sign(z) integral |cos t - A| exp(kappa (cos t - cos r)) dt,

where the integral is taken over [0, r] if cos r > A, and over [r, pi]
otherwise. The integrand has one sign, so that nothing cancels, and no Bessel
function is divided by the rounding of another. Gauss-Legendre quadrature, cut
where the exponent is -36, is exact to 1e-12 for kappa up to 1e4.
"""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import chunked
from tf_mco.distributions.numerics import implicit_gradient
from tf_mco.distributions.numerics import quadrature
from tf_mco.distributions.numerics import rejection
from tf_mco.distributions.numerics import traced

# The number of nodes, and minus the exponent where the integral is cut.
_QUALITY = {tf.float32: (14, 18.0), tf.float64: (32, 36.0)}
_CHUNK = 8  # nodes that are evaluated at once: a bound on memory
_MAX_ROUNDS = 400  # two proposals in three are accepted: never reached


def sample(concentration: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns samples at location 0, in [-pi, pi], gradient stopped.

  The sampler takes the wrapped Cauchy proposals of Best and Fisher in the
  variable t = tan(z / 2), which is a Cauchy variable, so that nothing rounds to
  zero for any kappa from 0. With B = sin^2(z / 2), the ratio of the densities
  of z and of a proposal is exp(-2 kappa B) (1 + m B), and m is chosen such that
  most proposals are accepted.

  Args:
    concentration: kappa, one non-negative number per sample. Other numbers
      give NaN.
    seed: an integer or an int32 `[2]` tensor.
  Reference: Best and Fisher (1979), Applied Statistics 28(2).
  """
  # Serves the concentration, whose gradient `with_path_gradient` attaches.
  kappa = tf.stop_gradient(concentration)
  z = _sample(kappa, random.as_seed(seed))
  return tf.ensure_shape(tf.stop_gradient(z), kappa.shape)


@traced.in_graph
def _sample(kappa: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
  """Returns samples at location 0; see `sample`."""
  return chunked.elementwise(
    lambda start, part: _sample_part(part, seed, start), kappa
  )


def _sample_part(
  kappa: tf.Tensor, seed: tf.Tensor, start: tf.Tensor | None
) -> tf.Tensor:
  """Returns the samples from the index `start`."""
  shape = tf.shape(kappa)
  gain = 2 * kappa / (1 + tf.sqrt(1 + 4 * kappa**2))
  m = 2 * kappa * (1 + gain)
  scale = tf.math.rsqrt(1 + m)
  log_bound = tf.math.log1p(gain) - gain / (1 + gain)

  def draw_numbers(
    first_seed: tf.Tensor, second_seed: tf.Tensor
  ) -> tuple[tf.Tensor, tf.Tensor]:
    u, v = (
      random.uniform(shape, dtype=kappa.dtype, seed=seed, start=start)
      for seed in (first_seed, second_seed)
    )
    return u, v

  def propose(
    u: tf.Tensor,
    v: tf.Tensor,
    kappa: tf.Tensor,
    m: tf.Tensor,
    scale: tf.Tensor,
    log_bound: tf.Tensor,
  ) -> tuple[tf.Tensor, tf.Tensor]:
    angle = math.pi * (u - 0.5)
    # XLA has fast sines and cosines, and a slow tangent.
    t = scale * tf.sin(angle) / tf.cos(angle)
    square = t * t
    b = square / (1 + square)
    log_ratio = tf.math.log1p(m * b) - 2 * kappa * b - log_bound
    return t, tf.math.log(v) > log_ratio

  t = rejection.first_accepted(
    propose,
    draw_numbers,
    parameters=[kappa, m, scale, log_bound],
    pending=math.inf,  # a proposal is finite, because 0 < u < 1
    max_rounds=_MAX_ROUNDS,
    seed=seed,
    prepare=lambda u, v: (random.opened(u), random.opened(v)),
    compact=start is not None,
  )
  return 2 * tf.math.atan(t)


def with_path_gradient(concentration: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
  """Returns z unchanged, with its gradient in the concentration.

  Args:
    concentration: `[...]`, kappa. The gradient flows to kappa.
    z: `sample_shape + [...]`, in [-pi, pi], at location 0, without a gradient.
  """
  z = tf.stop_gradient(z)
  return implicit_gradient.with_path_gradient(
    z, [concentration], lambda kappa: [_sample_derivative(kappa, z)]
  )


@traced.in_graph
def _sample_derivative(kappa: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
  """Returns `derivative`, in parts."""
  kappa = tf.broadcast_to(kappa, tf.shape(z))
  return chunked.elementwise(
    lambda start, kappa, z: derivative(kappa, z), kappa, z
  )


def derivative(kappa: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
  """Returns dz/dkappa at fixed F(z), of the dtype of z.

  Args:
    kappa: of a shape that broadcasts with z.
    z: in [-pi, pi], at location 0.
  """
  nodes, reach = _QUALITY[z.dtype]
  # A is near 1, so that 1 - A needs more digits than the rest.
  defect = tf.cast(resultant_defect(tf.cast(kappa, tf.float64)), z.dtype)
  kappa, r = tf.cast(kappa, z.dtype), tf.abs(z)
  # `lift` is 1 - cos r. Half-angles keep all of its digits at small angles,
  # where a sharp density has all of its mass.
  lift = 2 * tf.sin(r / 2) ** 2
  inner = lift < defect
  # The angle where kappa (cos t - cos r) is -reach, at most pi.
  outer_lift = tf.minimum(lift + reach / kappa, 2.0)
  outer_end = 2 * tf.asin(tf.sqrt(outer_lift / 2))
  outer_end = tf.minimum(tf.maximum(outer_end, r), math.pi)
  start = tf.where(inner, tf.zeros_like(r), r)
  length = tf.where(inner, r, outer_end - r)

  def integrand(s: tf.Tensor) -> tf.Tensor:
    node_lift = 2 * tf.sin((start + s) / 2) ** 2
    # cos t - A is defect - node_lift, and cos t - cos r is lift - node_lift.
    return tf.abs(defect - node_lift) * tf.exp(kappa * (lift - node_lift))

  average = quadrature.average(integrand, length, num_nodes=nodes, chunk=_CHUNK)
  return -tf.sign(z) * length * average


def resultant_defect(kappa: tf.Tensor) -> tf.Tensor:
  """Returns 1 - I1(kappa) / I0(kappa), float64."""
  # The exponentially scaled functions do not overflow, and their scales cancel.
  bessel_0 = tf.math.bessel_i0e(kappa)
  return (bessel_0 - tf.math.bessel_i1e(kappa)) / bessel_0


def log_bessel_0(kappa: tf.Tensor) -> tf.Tensor:
  """Returns log(exp(-kappa) I0(kappa)), with its derivatives from kappa = 0.

  TensorFlow differentiates exp(-|kappa|), whose derivative at 0 it takes to be
  0. The derivative from the right, where kappa lies, is -1.

  Args:
    kappa: `[...]`, non-negative. The gradient flows to kappa.
  """
  zero = tf.equal(kappa, 0)
  safe = tf.where(zero, tf.ones_like(kappa), kappa)
  # The series of the function at 0, to the order of the second derivative.
  series = kappa**2 / 4 - kappa
  return tf.where(zero, series, tf.math.log(tf.math.bessel_i0e(safe)))
