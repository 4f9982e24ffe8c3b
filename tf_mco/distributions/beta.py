"""Beta, reparameterized through Gamma variables or through its own CDF."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import gamma
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks


class Beta(log_space.LogSpace, tfd.Beta):
  """`tfd.Beta` with robust gradients, x = G1 / (G1 + G0) in log space.

  Two gradients, which differ sample by sample and agree in expectation:
  'ratio', the default, through the two Gamma variables: elementwise, fast, and
  exact at every concentration; 'cdf', -(dF/da) / q of the univariate Beta, by
  quadrature, at five to ten times the cost.

  Samples lie strictly between 0 and 1 and keep log x and log(1 - x), which
  may both underflow. First-order gradients only.

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration1: Any,
    concentration0: Any,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    gradient: str = 'ratio',
    name: str = 'Beta',
  ):
    """Makes the distribution; arguments as of `tfd.Beta`, and `gradient`.

    Args:
      concentration1: a, of x, positive.
      concentration0: b, of 1 - x, positive; gradients flow to both.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      force_probs_to_zero_outside_support: as in TFP.
      gradient: 'ratio' or 'cdf'.
      name: of the distribution.
    Raises:
      ValueError: for a concentration known not to be positive, NaN among
        them, and for an unknown `gradient`.
    """
    parameters = {
      'concentration1': concentration1,
      'concentration0': concentration0,
      'validate_args': validate_args,
      'allow_nan_stats': allow_nan_stats,
      'force_probs_to_zero_outside_support': (
        force_probs_to_zero_outside_support
      ),
      'gradient': gradient,
      'name': name,
    }
    checks.one_of('gradient', gradient, ('ratio', 'cdf'))
    parameter_checks.positive(
      'Beta', concentration1=concentration1, concentration0=concentration0
    )
    self._gradient = gradient
    super().__init__(
      concentration1,
      concentration0,
      validate_args,
      allow_nan_stats,
      force_probs_to_zero_outside_support,
      name,
    )
    self._parameters = parameters

  @classmethod
  def _parameter_properties(
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  @property
  def gradient(self) -> str:
    """'ratio' or 'cdf'."""
    return self._gradient

  def sample_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x; see `LogSpace`."""
    log_odds = self._sample_log_odds(sample_shape, seed)
    return tf.cast(-tf.nn.softplus(-log_odds), self.dtype)

  def sample_keeping_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x and log(1 - x); see `LogSpace`."""
    log_odds = self._sample_log_odds(sample_shape, seed)
    return log_sample.sigmoid(tf.cast(log_odds, self.dtype))

  def log_prob_log(
    self, log_x: Any, log_complement: Any | None = None
  ) -> tf.Tensor:
    """Returns the log-density of x at exp(log_x), nats.

    Args:
      log_x: negative.
      log_complement: log(1 - x), needed where x rounds to 1: from `log_x`
        unless given.
    """
    log_x = tf.convert_to_tensor(log_x, self.dtype)
    if log_complement is None:
      log_complement = _log1mexp(tf.cast(log_x, tf.float64))
    log_x, log_complement, a, b = log_space.in_float64(
      log_x, log_complement, self.concentration1, self.concentration0
    )
    power = log_space.times_log(a - 1, log_x)
    power += log_space.times_log(b - 1, log_complement)
    log_beta = tf.math.lgamma(a) + tf.math.lgamma(b) - tf.math.lgamma(a + b)
    return tf.cast(power - log_beta, self.dtype)

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    log_prob = self.log_prob_log(
      log_sample.log(x), log_sample.log_complement(x)
    )
    return log_space.support_only(self, (x >= 0) & (x <= 1), log_prob)

  def _sample_log_odds(self, sample_shape: Any, seed: Any) -> tf.Tensor:
    """Returns log x - log(1 - x), float64."""
    shape = self.batch_shape_tensor()
    a = tf.broadcast_to(self.concentration1, shape)
    b = tf.broadcast_to(self.concentration0, shape)
    seeds = random.split(seed, 2)
    log_1 = gamma.standard_log_sample(a, sample_shape, seed=seeds[0])
    log_0 = gamma.standard_log_sample(b, sample_shape, seed=seeds[1])
    if self._gradient == 'ratio':
      return log_1 - log_0
    a, b = log_space.in_float64(a, b)
    return beta_numerics.with_path_gradient(a, b, log_1 - log_0)


def _log1mexp(log_x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 - exp(log_x)) of log_x <= 0, accurate at both ends."""
  near_one = log_x > -math.log(2)
  small = tf.where(near_one, log_x, -tf.ones_like(log_x))
  large = tf.where(near_one, -tf.ones_like(log_x), log_x)
  return tf.where(
    near_one,
    tf.math.log(-tf.math.expm1(small)),
    tf.math.log1p(-tf.exp(large)),
  )
