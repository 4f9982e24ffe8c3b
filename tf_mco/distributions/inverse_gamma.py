"""InverseGamma: the reciprocal of a robust Gamma."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import gamma
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks as checks
from tf_mco.distributions.numerics import gamma as gamma_numerics


class InverseGamma(log_space.LogSpace, tfd.InverseGamma):
  """`tfd.InverseGamma` through `Gamma`: scale / Gamma(concentration, 1).

  Samples lie within 2^-100 and 2^100 (2^-1000 and 2^1000 in float64);
  `sample_log` is not cut.
  """

  def __init__(
    self,
    concentration: Any,
    scale: Any = None,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    name: str = 'InverseGamma',
  ):
    """Makes the distribution; arguments as of `tfd.InverseGamma`.

    Args:
      concentration: alpha, positive.
      scale: positive; gradients flow to both.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      name: of the distribution.
    Raises:
      ValueError: for a value known not to be positive, NaN among them.
    """
    checks.positive('InverseGamma', concentration=concentration, scale=scale)
    super().__init__(concentration, scale, validate_args, allow_nan_stats, name)

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  def sample_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x; see `LogSpace`."""
    alpha = tf.broadcast_to(self.concentration, self.batch_shape_tensor())
    log_x = gamma.standard_log_sample(alpha, sample_shape, seed=seed)
    return tf.math.log(self.scale) - tf.cast(log_x, self.dtype)

  def sample_keeping_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x; see `LogSpace`."""
    return log_sample.exp(self.sample_log(sample_shape, seed))

  def log_prob_log(self, log_x: Any) -> tf.Tensor:
    """Returns the log-density of x at exp(log_x), nats."""
    log_x = tf.convert_to_tensor(log_x, self.dtype)
    log_x, alpha, scale = log_space.in_float64(
      log_x, self.concentration, self.scale
    )
    log_scale = tf.math.log(scale)
    normalizer = tf.math.lgamma(alpha) - alpha * log_scale
    log_prob = -(alpha + 1) * log_x - tf.exp(log_scale - log_x) - normalizer
    return tf.cast(log_prob, self.dtype)

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    return self.log_prob_log(log_sample.log(x))

  def _cdf(self, x: tf.Tensor) -> tf.Tensor:
    return self._tail(x, upper=True)

  def _survival_function(self, x: tf.Tensor) -> tf.Tensor:
    return self._tail(x, upper=False)

  def _tail(self, x: tf.Tensor, upper: bool) -> tf.Tensor:
    alpha = tf.convert_to_tensor(self.concentration)
    x = x + tf.zeros_like(alpha)
    inside = x > 0
    safe = tf.where(inside, x, tf.ones_like(x))
    scaled = self.scale / safe
    alpha += tf.zeros_like(scaled)
    outside = tf.cast(not upper, self.dtype)
    return tf.where(
      inside, gamma_numerics.cdf(alpha, scaled, upper=upper), outside
    )
