"""Von Mises samples and the derivative of a sample in its concentration.

At location 0, with q the density and A = I1 / I0 = E[cos z], the derivative of
log q in kappa is cos z - A, with mean zero. So for r = |z|

  dz/dkappa = -sign(z) integral |cos t - A| exp(kappa (cos t - cos r)) dt

over [0, r] where cos r > A, and over [r, pi] elsewhere: nothing cancels and no
Bessel function is divided by another's rounding. Gauss-Legendre nodes, cut
where the exponent is -36, are exact to 1e-12 for kappa to 1e4.
"""

from __future__ import annotations

from collections.abc import Callable
import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions.numerics import gamma_sampler
from tf_mco.distributions.numerics import quadrature

_QUALITY = {tf.float32: (14, 18.0), tf.float64: (32, 36.0)}
_CHUNK = 8
_MAX_ROUNDS = 400  # two thirds of the proposals are accepted: never reached


def sample(concentration: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
  """Returns samples at location 0, in [-pi, pi], gradient stopped.

  Best and Fisher's wrapped Cauchy proposals, in tan(z / 2), which is a Cauchy
  variable: for every kappa from 0 nothing rounds to zero. With
  B = sin^2(z / 2), the ratio of the densities is exp(-2 kappa B) (1 + m B), m
  such that most are accepted.

  Args:
    concentration: kappa, one per sample, non-negative; others give NaN.
    seed: an integer or an int32 `[2]` tensor.
  Reference: Best and Fisher (1979), Applied Statistics 28(2).
  """
  kappa = tf.stop_gradient(concentration)
  shape = tf.shape(kappa)
  # As a value of t: one tensor of state, which XLA computes once.
  pending = tf.constant(math.inf, kappa.dtype)
  gain = 2 * kappa / (1 + tf.sqrt(1 + 4 * kappa**2))
  m = 2 * kappa * (1 + gain)
  scale = tf.math.rsqrt(1 + m)
  log_bound = tf.math.log1p(gain) - gain / (1 + gain)

  def numbers(index: tf.Tensor) -> list[tf.Tensor]:
    return [
      tf.ensure_shape(
        gamma_sampler.open_uniform(shape, dtype=kappa.dtype, seed=part),
        kappa.shape,
      )
      for part in random.split(random.fold_in(seed, index), 2)
    ]

  # The numbers of a round are made in the round before: XLA would make them
  # again for each of their uses in an expression.
  def propose(
    index: tf.Tensor, t: tf.Tensor, u: tf.Tensor, v: tf.Tensor
  ) -> list[tf.Tensor]:
    angle = math.pi * (u - 0.5)
    # XLA has fast sines, and a slow tangent.
    proposed = scale * tf.sin(angle) / tf.cos(angle)
    square = proposed * proposed
    b = square / (1 + square)
    log_ratio = tf.math.log1p(m * b) - 2 * kappa * b - log_bound
    # Refuse, rather than accept, on a comparison: NaN then ends the loop.
    refused = tf.math.log(v) > log_ratio
    proposed = tf.where(refused, pending, proposed)
    t = tf.where(tf.equal(t, pending), proposed, t)
    return [index + 1, t, *numbers(index + 1)]

  start = tf.constant(0)
  t = tf.while_loop(
    lambda index, t, u, v: tf.reduce_any(tf.equal(t, pending)),
    propose,
    [start, tf.zeros_like(kappa) + pending, *numbers(start)],
    maximum_iterations=_MAX_ROUNDS,
  )[1]
  return tf.stop_gradient(2 * tf.math.atan(t))


def with_path_gradient(concentration: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
  """Returns z unchanged, with its gradient in the concentration.

  Args:
    concentration: `[...]`.
    z: `sample_shape + [...]`, in [-pi, pi], at location 0, constant.
  """
  z = tf.stop_gradient(z)

  @tf.custom_gradient
  def graft(kappa: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    def backward(upstream: tf.Tensor) -> tf.Tensor:
      slope = quadrature.first_order(derivative(kappa, z))
      return quadrature.reduce_to(upstream * slope, kappa)

    return tf.identity(z), backward

  return graft(concentration)


def derivative(kappa: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
  """Returns dz/dkappa at fixed F(z), z in [-pi, pi], of the dtype of z."""
  nodes, reach = _QUALITY[z.dtype]
  wide_z, kappa = tf.cast(z, tf.float64), tf.cast(kappa, tf.float64)
  r = tf.abs(wide_z)
  defect = resultant_defect(kappa)
  # 1 - cos r and its like, by half-angles: all digits at small angles.
  lift = 2 * tf.sin(r / 2) ** 2
  inner = lift < defect
  cosine = tf.clip_by_value(1 - lift - reach / kappa, -1.0, 1.0)
  outer_end = 2 * tf.asin(tf.sqrt((1 - cosine) / 2))
  outer_end = tf.minimum(tf.maximum(outer_end, r), math.pi)
  start = tf.where(inner, tf.zeros_like(r), r)
  length = tf.where(inner, r, outer_end - r)
  total = tf.zeros_like(length)
  points, weights = quadrature.unit_nodes(nodes)
  for first in range(0, nodes, _CHUNK):
    part = slice(first, first + _CHUNK)
    s = tf.tensordot(tf.constant(points[part], tf.float64), length, 0)
    node_lift = 2 * tf.sin((start + s) / 2) ** 2
    height = tf.abs(defect - node_lift) * tf.exp(kappa * (lift - node_lift))
    weight = tf.constant(weights[part], tf.float64)
    total += tf.tensordot(weight, height, [[0], [0]])
  return tf.cast(-tf.sign(wide_z) * length * total, z.dtype)


def resultant_defect(kappa: tf.Tensor) -> tf.Tensor:
  """Returns 1 - I1(kappa) / I0(kappa), float64."""
  bessel_0 = tf.math.bessel_i0e(kappa)
  return (bessel_0 - tf.math.bessel_i1e(kappa)) / bessel_0
