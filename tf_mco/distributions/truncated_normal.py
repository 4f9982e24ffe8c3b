"""TruncatedNormal with closed-form gradients, also far in a tail."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco._tfp import tfd
from tf_mco.distributions import parameter_checks as checks
from tf_mco.distributions.numerics import gamma_sampler
from tf_mco.distributions.numerics import quadrature
from tf_mco.distributions.numerics import (
  truncated_normal as truncated_normal_numerics,
)


class TruncatedNormal(tfd.TruncatedNormal):
  """`tfd.TruncatedNormal` by inversion, with gradients in closed form.

  Gradients flow to `loc`, `scale` and to the bounds. Where bounds depend on
  parameters, or the integrand has a step inside, the path is still exact, but
  an integrand must not depend on the bounds in another way. First-order only.

  Accuracy: 1e-7 in float64 for intervals wider than scale / 1000. Narrower ones
  are nearly uniform, and dz/dloc is the small difference of 1 and 1.
  """

  def __init__(
    self,
    loc: Any,
    scale: Any,
    low: Any,
    high: Any,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    name: str = 'TruncatedNormal',
  ):
    """Makes the distribution; arguments as of `tfd.TruncatedNormal`.

    Args:
      loc: of the normal variable, not the mean of the truncated one.
      scale: positive.
      low: the lower bound, perhaps -inf.
      high: the upper bound, perhaps inf.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      name: of the distribution.
    Raises:
      ValueError: for a scale known not to be positive, bounds not in order, or
        NaN.
    """
    checks.finite('TruncatedNormal', loc=loc)
    checks.positive('TruncatedNormal', scale=scale)
    checks.ordered('TruncatedNormal', low, high)
    super().__init__(
      loc, scale, low, high, validate_args, allow_nan_stats, name
    )

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    shape = self.batch_shape_tensor()
    parameters = [
      tf.broadcast_to(parameter, shape)
      for parameter in (self.loc, self.scale, self.low, self.high)
    ]
    full = quadrature.broadcast_samples(parameters[0], [n])
    u = gamma_sampler.open_uniform(tf.shape(full), dtype=full.dtype, seed=seed)
    u = tf.ensure_shape(tf.cast(u, tf.float64), full.shape)
    loc, scale, low, high = (tf.cast(p, tf.float64) for p in parameters)
    zeta = truncated_normal_numerics.sample(
      u, (low - loc) / scale, (high - loc) / scale
    )
    z = tf.cast(loc + scale * zeta, full.dtype)
    z = tf.minimum(tf.maximum(z, parameters[2]), parameters[3])
    return truncated_normal_numerics.with_path_gradient(z, *parameters)
