"""Beta, reparameterized through Gamma variables or through its own CDF."""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import gamma
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks


class Beta(log_space.LogSpace, tfd.Beta):
  """A Beta distribution with an implicit gradient that is exact.

  With the concentrations a and b, the density at 0 < x < 1 is

    p(x) = x^(a - 1) (1 - x)^(b - 1) Gamma(a + b) / (Gamma(a) Gamma(b)).

  A sample is x = G1 / (G1 + G0), with independent G1 of Gamma(a, 1) and G0 of
  Gamma(b, 1), computed in log space. Use this class in place of `tfd.Beta`
  wherever a gradient flows through a sample.

  There are two gradients. They differ from sample to sample and agree in
  expectation:

  - 'ratio', the default, goes through the two Gamma variables. It is fast, and
    exact at every concentration.
  - 'cdf' is -(dF/da) / p of the univariate Beta, computed by quadrature. It
    costs five to ten times as much.

  A sample that underflows is 0, and a sample that rounds to 1 is 1. A sample
  keeps log x and log(1 - x), so that `log_prob` of a sample is exact
  everywhere. After an operation on the sample, such as a slice, the logarithms
  are lost, and the density of a 0 or a 1 is infinite.

  Warning: a path gradient needs a function that is continuous on (0, 1). The
  part of a step, such as a threshold at 1/2, is missing without a word. The
  function may differ at 0 and 1, because both ends stay where they are.

  Warning: only first-order gradients flow through a sample. A second derivative
  through a sample raises a LookupError.

  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> q = distributions.Beta(tf.constant([0.01, 2.0]), 3.0)
    >>> x = q.sample([5], seed=1)
    >>> x.shape
    TensorShape([5, 2])
    >>> bool(tf.reduce_all(tf.math.is_finite(q.log_prob(x))))
    True
    >>> print(f'{distributions.Beta(2.0, 3.0).log_prob(0.5):.3f}')
    0.405

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration1: types.TensorLike,
    concentration0: types.TensorLike,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    gradient: str = 'ratio',
    name: str = 'Beta',
  ):
    """Makes the distribution, with the arguments of `tfd.Beta` and `gradient`.

    Args:
      concentration1: a, of x, positive. Gradients flow to both concentrations.
      concentration0: b, of 1 - x, positive.
      validate_args: asserts, in a graph, values that are not known before.
      allow_nan_stats: the option of the same name of TFP.
      force_probs_to_zero_outside_support: the option of the same name of TFP.
      gradient: the route of the gradient, 'ratio' or 'cdf'; see above.
      name: the name of the distribution.
    Raises:
      ValueError: for a concentration that is known and not positive, such as
        NaN, and for an unknown `gradient`.
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
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    return super()._parameter_properties(dtype, num_classes)

  @property
  def gradient(self) -> str:
    """The route of the gradient, 'ratio' or 'cdf'."""
    return self._gradient

  def sample_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x, which does not underflow. See `LogSpace`."""
    log_odds = self._sample_log_odds(sample_shape, seed)
    return tf.cast(-tf.nn.softplus(-log_odds), self.dtype)

  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x and log(1 - x). See `LogSpace`."""
    log_odds = self._sample_log_odds(sample_shape, seed)
    return log_sample.sigmoid(tf.cast(log_odds, self.dtype))

  def log_prob_log(
    self,
    log_x: types.TensorLike,
    log_complement: types.TensorLike | None = None,
  ) -> tf.Tensor:
    """Returns the log-density of x at x = exp(log_x), in nats.

    Args:
      log_x: negative.
      log_complement: log(1 - x). It is computed from `log_x` unless it is
        given, and must be given where x rounds to 1, because `log_x` is 0
        there.
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

  def _sample_log_odds(
    self, sample_shape: types.SampleShape, seed: types.Seed | None
  ) -> tf.Tensor:
    """Returns log x - log(1 - x), float64."""
    shape = self.batch_shape_tensor()
    a = tf.broadcast_to(self.concentration1, shape)
    b = tf.broadcast_to(self.concentration0, shape)
    seeds = random.split(seed, 2)
    log_1 = gamma.standard_log_sample(a, sample_shape, seed=seeds[0])
    log_0 = gamma.standard_log_sample(b, sample_shape, seed=seeds[1])
    log_1, log_0 = log_space.in_float64(log_1, log_0)
    if self._gradient == 'ratio':
      return log_1 - log_0
    a, b = log_space.in_float64(a, b)
    return beta_numerics.with_path_gradient(a, b, log_1 - log_0)


def _log1mexp(log_x: tf.Tensor) -> tf.Tensor:
  """Returns log(1 - exp(log_x)) of log_x <= 0, accurate at both ends."""
  # expm1 keeps the digits of 1 - x near 1, and log1p those of x near 0. Each
  # branch gets an argument of its own range, so that no gradient is NaN.
  near_one = log_x > -math.log(2)
  small = tf.where(near_one, log_x, -tf.ones_like(log_x))
  large = tf.where(near_one, -tf.ones_like(log_x), log_x)
  return tf.where(
    near_one,
    tf.math.log(-tf.math.expm1(small)),
    tf.math.log1p(-tf.exp(large)),
  )
