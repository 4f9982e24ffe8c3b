"""Dirichlet, normalized in log space; two gradients, as Beta has."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import gamma
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks


class Dirichlet(log_space.LogSpace, tfd.Dirichlet):
  """`tfd.Dirichlet` with robust gradients, a softmax of log Gamma variables.

  Two gradients, which differ sample by sample and agree in expectation:
  'ratio', the default, through the Gamma variables: symmetric in the
  components, elementwise and exact at every concentration; 'cdf', by the
  distributional transform: component i over what the components before it
  have left is Beta(a[i], a[i + 1] + ... + a[D]), with the univariate gradient.

  Samples are at least 2^-100 (2^-1000 in float64) and keep their logarithm.
  First-order gradients only.

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration: Any,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    gradient: str = 'ratio',
    name: str = 'Dirichlet',
  ):
    """Makes the distribution; arguments as of `tfd.Dirichlet`, and `gradient`.

    Args:
      concentration: `[..., D]`, positive; gradients flow to it.
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
      'concentration': concentration,
      'validate_args': validate_args,
      'allow_nan_stats': allow_nan_stats,
      'force_probs_to_zero_outside_support': (
        force_probs_to_zero_outside_support
      ),
      'gradient': gradient,
      'name': name,
    }
    checks.one_of('gradient', gradient, ('ratio', 'cdf'))
    parameter_checks.positive('Dirichlet', concentration=concentration)
    self._gradient = gradient
    super().__init__(
      concentration,
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
    """Returns log x, `[..., D]`; see `LogSpace`."""
    return tf.cast(self._wide_log(sample_shape, seed), self.dtype)

  def sample_keeping_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x; see `LogSpace`."""
    return log_sample.exp(self._wide_log(sample_shape, seed), self.dtype)

  def log_prob_log(self, log_x: Any) -> tf.Tensor:
    """Returns the log-density of x at exp(log_x), `[...]`, nats."""
    log_x = tf.convert_to_tensor(log_x, self.dtype)
    log_x, alpha = log_space.in_float64(log_x, self.concentration)
    power = tf.reduce_sum(log_space.times_log(alpha - 1, log_x), axis=-1)
    normalizer = tf.reduce_sum(tf.math.lgamma(alpha), axis=-1)
    normalizer -= tf.math.lgamma(tf.reduce_sum(alpha, axis=-1))
    return tf.cast(power - normalizer, self.dtype)

  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    log_prob = self.log_prob_log(log_sample.log(x))
    inside = tf.reduce_all(x >= 0, axis=-1)
    return log_space.support_only(self, inside, log_prob)

  def _wide_log(self, sample_shape: Any, seed: Any) -> tf.Tensor:
    """Returns log x, float64: 1 - x of a large component needs the digits."""
    alpha = tf.convert_to_tensor(self.concentration)
    log_gamma = gamma.standard_log_sample(alpha, sample_shape, seed=seed)
    if self._gradient == 'ratio':
      return tf.nn.log_softmax(log_gamma, axis=-1)
    (wide,) = log_space.in_float64(alpha)
    return _stick_breaking(wide, tf.stop_gradient(log_gamma))


def _stick_breaking(alpha: tf.Tensor, log_gamma: tf.Tensor) -> tf.Tensor:
  """Returns log x, each component reparameterized given those before it."""
  others_alpha = tf.cumsum(alpha, axis=-1, exclusive=True, reverse=True)
  log_rest = tf.math.cumulative_logsumexp(
    log_gamma, axis=-1, exclusive=True, reverse=True
  )
  # The last component is what is left.
  log_odds = (log_gamma - log_rest)[..., :-1]
  log_odds = beta_numerics.with_path_gradient(
    alpha[..., :-1], others_alpha[..., :-1], log_odds
  )
  taken, left = -tf.nn.softplus(-log_odds), -tf.nn.softplus(log_odds)
  none = tf.zeros_like(log_gamma[..., :1])
  before = tf.concat([none, tf.cumsum(left, axis=-1)], axis=-1)
  return before + tf.concat([taken, none], axis=-1)
