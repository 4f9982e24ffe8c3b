"""VonMises with a path derivative that is right from kappa 0 to 1e4."""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import parameter_checks as checks
from tf_mco.distributions.numerics import quadrature
from tf_mco.distributions.numerics import von_mises as von_mises_numerics


class VonMises(tfd.VonMises):
  """`tfd.VonMises`, implicitly reparameterized to 1e-12 in float64.

  Samples lie in [-pi, pi], wrapped; the derivative in the location is 1. First-
  order gradients only: a second derivative through a sample raises.

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    loc: Any,
    concentration: Any,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    name: str = 'VonMises',
  ):
    """Makes the distribution; arguments as of `tfd.VonMises`.

    Args:
      loc: the mean direction, radians.
      concentration: kappa >= 0; gradients flow to both.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      name: of the distribution.
    Raises:
      ValueError: for a negative or infinite kappa, or NaN.
    """
    checks.finite('VonMises', loc=loc)
    checks.non_negative('VonMises', concentration=concentration)
    super().__init__(loc, concentration, validate_args, allow_nan_stats, name)

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    shape = self.batch_shape_tensor()
    kappa = tf.broadcast_to(self.concentration, shape)
    full = quadrature.broadcast_samples(kappa, [n])
    centered = von_mises_numerics.with_path_gradient(
      kappa, von_mises_numerics.sample(full, seed=seed)
    )
    samples = centered + self.loc
    return samples - 2 * math.pi * tf.round(samples / (2 * math.pi))

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    kappa = tf.convert_to_tensor(self.concentration)
    # cos(d) - 1 would lose all digits near the mode of a sharp density.
    power = -2 * kappa * tf.sin((x - self.loc) / 2) ** 2
    normalizer = math.log(2 * math.pi) + tf.math.log(tf.math.bessel_i0e(kappa))
    return power - normalizer

  def _cdf(self, x: tf.Tensor) -> tf.Tensor:
    z = x - self.loc
    kappa = tf.convert_to_tensor(self.concentration) + tf.zeros_like(z)
    return _cdf(kappa, z + tf.zeros_like(kappa))


@tf.custom_gradient
def _cdf(kappa: tf.Tensor, z: tf.Tensor) -> tuple[tf.Tensor, Callable]:
  """Returns F(z), with the accurate derivative in kappa."""
  zero = tf.zeros([], z.dtype)
  value = tfd.VonMises(zero, kappa).cdf(z)

  def backward(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    wrapped = z - 2 * math.pi * tf.round(z / (2 * math.pi))
    density = VonMises(zero, kappa).prob(wrapped)
    slope = quadrature.first_order(
      von_mises_numerics.derivative(kappa, wrapped)
    )
    return -upstream * density * slope, upstream * density

  return value, backward
