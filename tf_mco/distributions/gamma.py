"""Gamma with a path derivative that is right for every concentration."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks as checks
from tf_mco.distributions.numerics import gamma as gamma_numerics
from tf_mco.distributions.numerics import gamma_sampler
from tf_mco.distributions.numerics import quadrature


def standard_log_sample(
  concentration: tf.Tensor, sample_shape: Any, *, seed: types.Seed
) -> tf.Tensor:
  """Returns log x, x of Gamma(concentration, 1), float64, with its gradient.

  The numbers are drawn in the dtype of the concentration; float64 is for what
  is computed from several of them.
  """
  full = quadrature.broadcast_samples(concentration, sample_shape)
  log_x = gamma_sampler.log_sample(full, seed=seed)
  wide = log_space.in_float64(concentration, log_x)
  return gamma_numerics.with_path_gradient(*wide, quality=concentration.dtype)


class Gamma(log_space.LogSpace, tfd.Gamma):
  """`tfd.Gamma`, implicitly reparameterized without NaN or bias.

  TFP's own gradient is NaN for 42 % of the samples of concentration 0.01 in
  float32 under jit, silently biased outside of it, and wrong in the first digit
  at 1e4. This one has a relative error below 1e-5 in float32 and 1e-12 in
  float64, from 1e-3 to 1e4.

  Samples are at least 2^-100 (2^-1000 in float64); `sample_log` is not cut.
  First-order gradients only: a second derivative through a sample raises.

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration: Any,
    rate: Any = None,
    log_rate: Any = None,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    name: str = 'Gamma',
  ):
    """Makes the distribution; arguments as of `tfd.Gamma`.

    Args:
      concentration: alpha, positive.
      rate: positive, or else `log_rate`; gradients flow to all of them.
      log_rate: any real number.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      force_probs_to_zero_outside_support: as in TFP.
      name: of the distribution.
    Raises:
      ValueError: for a value known not to be positive, NaN among them.
    """
    checks.positive('Gamma', concentration=concentration, rate=rate)
    checks.finite('Gamma', log_rate=log_rate)
    super().__init__(
      concentration,
      rate,
      log_rate,
      validate_args,
      allow_nan_stats,
      force_probs_to_zero_outside_support,
      name,
    )

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
    log_x = standard_log_sample(alpha, sample_shape, seed=seed)
    return tf.cast(log_x, self.dtype) - self._log_rate_parameter()

  def sample_keeping_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x; see `LogSpace`."""
    return log_sample.exp(self.sample_log(sample_shape, seed))

  def log_prob_log(self, log_x: Any) -> tf.Tensor:
    """Returns the log-density of x at exp(log_x), nats."""
    log_x = tf.convert_to_tensor(log_x, self.dtype)
    log_x, alpha, log_rate = log_space.in_float64(
      log_x, self.concentration, self._log_rate_parameter()
    )
    power = log_space.times_log(alpha - 1, log_x)
    normalizer = tf.math.lgamma(alpha) - alpha * log_rate
    log_prob = power - tf.exp(log_x + log_rate) - normalizer
    return tf.cast(log_prob, self.dtype)

  def _log_prob(self, x: tf.Tensor, rate: Any = None) -> tf.Tensor:
    if rate is not None:
      return self.copy(rate=rate, log_rate=None).log_prob(x)
    log_prob = self.log_prob_log(log_sample.log(x))
    return log_space.support_only(self, x >= 0, log_prob)

  def _cdf(self, x: tf.Tensor) -> tf.Tensor:
    return self._tail(x, upper=False)

  def _survival_function(self, x: tf.Tensor) -> tf.Tensor:
    return self._tail(x, upper=True)

  def _tail(self, x: tf.Tensor, upper: bool) -> tf.Tensor:
    alpha = tf.convert_to_tensor(self.concentration)
    scaled = x * self._rate_parameter() + tf.zeros_like(alpha)
    alpha += tf.zeros_like(scaled)
    inside = scaled > 0
    safe = tf.where(inside, scaled, tf.ones_like(scaled))
    outside = tf.cast(upper, self.dtype)
    return tf.where(
      inside, gamma_numerics.cdf(alpha, safe, upper=upper), outside
    )
