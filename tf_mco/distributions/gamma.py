"""Gamma and InverseGamma, with a path derivative right at any concentration."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks as checks
from tf_mco.distributions.numerics import gamma as gamma_numerics
from tf_mco.distributions.numerics import implicit_gradient


def standard_log_sample(
  concentration: tf.Tensor,
  sample_shape: types.SampleShape,
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns log x, with x of Gamma(concentration, 1).

  Args:
    concentration: `[...]`, positive. The gradient flows to the concentration.
    sample_shape: an integer or sizes.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `sample_shape + [...]`, of the dtype of the concentration.
  """
  full = implicit_gradient.broadcast_samples(concentration, sample_shape)
  log_x = gamma_numerics.log_sample(full, seed=seed)
  return gamma_numerics.with_path_gradient(concentration, log_x)


class Gamma(log_space.LogSpace, tfd.Gamma):
  """A Gamma distribution with an implicit gradient that is exact.

  With the concentration alpha and the rate beta, the density at x > 0 is

    p(x) = beta^alpha x^(alpha - 1) exp(-beta x) / Gamma(alpha).

  Use this class in place of `tfd.Gamma` wherever a gradient flows through a
  sample. The gradient of `tfd.Gamma` is NaN for 42 % of the samples at
  concentration 0.01 in float32 under jit, silently biased there without jit,
  and wrong in the first digit at concentration 1e4. The relative error of the
  gradient here is below 1e-5 in float32 and 1e-12 in float64 for concentrations
  from 1e-3 to 1e4.

  A sample keeps its logarithm, so that `log_prob` of a sample is exact also
  where the sample has underflowed to 0. After an operation on the sample, such
  as a slice, its logarithm is lost, and the density of a 0 is infinite.

  Warning: a path gradient needs a function that is continuous in the sample. A
  step of the function, such as the count of samples above 1, does not move the
  sample, so that its part of the gradient is missing without a word. The lower
  end of the support needs no care, because 0 stays where it is.

  Warning: only first-order gradients flow through a sample. A second derivative
  through a sample raises a LookupError.

  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> alpha = tf.constant([0.01, 1.0, 100.0])
    >>> with tf.GradientTape() as tape:
    ...   tape.watch(alpha)
    ...   x = distributions.Gamma(alpha, rate=2.0).sample([5], seed=1)
    >>> x.shape
    TensorShape([5, 3])
    >>> bool(tf.reduce_all(tape.gradient(x, alpha) > 0))
    True

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration: types.TensorLike,
    rate: types.TensorLike | None = None,
    log_rate: types.TensorLike | None = None,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    name: str = 'Gamma',
  ):
    """Makes the distribution. The arguments are those of `tfd.Gamma`.

    Args:
      concentration: alpha, positive. Gradients flow to all of the parameters.
      rate: beta, positive. Give either the rate or `log_rate`.
      log_rate: log beta, any real number.
      validate_args: asserts, in a graph, values that are not known before.
      allow_nan_stats: the option of the same name of TFP.
      force_probs_to_zero_outside_support: the option of the same name of TFP.
      name: the name of the distribution.
    Raises:
      ValueError: for a value that is known and not positive, such as NaN.
    """
    rates = checks.given(rate=rate, log_rate=log_rate)
    if len(rates) != 1:
      raise ValueError(
        'Gamma takes either `rate` or `log_rate`. Received: '
        f'rate={rate!r}, log_rate={log_rate!r}'
      )
    checks.positive(
      'Gamma', concentration=concentration, **checks.given(rate=rate)
    )
    checks.finite('Gamma', **checks.given(log_rate=log_rate))
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
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    return super()._parameter_properties(dtype, num_classes)

  def sample_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x, which does not underflow. See `LogSpace`."""
    alpha = tf.broadcast_to(self.concentration, self.batch_shape_tensor())
    log_x = standard_log_sample(alpha, sample_shape, seed=seed)
    return log_x - self._log_rate_parameter()

  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x. See `LogSpace`."""
    return log_sample.exp(self.sample_log(sample_shape, seed))

  def log_prob_log(self, log_x: types.TensorLike) -> tf.Tensor:
    """Returns the log-density of x at x = exp(log_x), in nats."""
    log_x = tf.convert_to_tensor(log_x, self.dtype)
    log_x, alpha, log_rate = log_space.in_float64(
      log_x, self.concentration, self._log_rate_parameter()
    )
    power = log_space.times_log(alpha - 1, log_x)
    normalizer = tf.math.lgamma(alpha) - alpha * log_rate
    log_prob = power - tf.exp(log_x + log_rate) - normalizer
    return tf.cast(log_prob, self.dtype)

  def _log_prob(
    self, x: tf.Tensor, rate: types.TensorLike | None = None
  ) -> tf.Tensor:
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
    # The value is taken at 1 outside of the support, because the gradient of
    # `tf.where` would turn an infinite one into NaN.
    safe = tf.where(inside, scaled, tf.ones_like(scaled))
    outside = tf.cast(upper, self.dtype)
    return tf.where(
      inside, gamma_numerics.cdf(alpha, safe, upper=upper), outside
    )


class InverseGamma(log_space.LogSpace, tfd.InverseGamma):
  """The reciprocal of a Gamma variable, with the gradient of `Gamma`.

  With the concentration alpha and the scale beta, the density at x > 0 is

    p(x) = beta^alpha x^(-alpha - 1) exp(-beta / x) / Gamma(alpha),

  and a sample is beta / Gamma(alpha, 1). Use this class for variances and
  other positive variables whose upper tail is a power.

  As in `Gamma`, a sample keeps its logarithm, a function of the sample must be
  continuous, and only first-order gradients flow through a sample. A sample
  that overflows is NaN, and `sample_log` is not cut.

  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> q = distributions.InverseGamma(tf.constant([0.01, 3.0]), scale=1.0)
    >>> x = q.sample([1000], seed=1)
    >>> bool(tf.reduce_all(tf.math.is_finite(q.log_prob(x))))
    True

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration: types.TensorLike,
    scale: types.TensorLike | None = None,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    name: str = 'InverseGamma',
  ):
    """Makes the distribution. The arguments are those of `tfd.InverseGamma`.

    Args:
      concentration: alpha, positive. Gradients flow to both parameters.
      scale: beta, positive.
      validate_args: asserts, in a graph, values that are not known before.
      allow_nan_stats: the option of the same name of TFP.
      name: the name of the distribution.
    Raises:
      ValueError: for a value that is known and not positive, such as NaN.
    """
    checks.positive('InverseGamma', concentration=concentration, scale=scale)
    super().__init__(concentration, scale, validate_args, allow_nan_stats, name)

  @classmethod
  def _parameter_properties(
    cls, dtype: tf.DType | None, num_classes: int | None = None
  ) -> dict[str, tfp_util.ParameterProperties]:
    return super()._parameter_properties(dtype, num_classes)

  def sample_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x, which is not cut. See `LogSpace`."""
    alpha = tf.broadcast_to(self.concentration, self.batch_shape_tensor())
    log_x = standard_log_sample(alpha, sample_shape, seed=seed)
    return tf.math.log(self.scale) - log_x

  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x. See `LogSpace`."""
    return log_sample.exp(self.sample_log(sample_shape, seed))

  def log_prob_log(self, log_x: types.TensorLike) -> tf.Tensor:
    """Returns the log-density of x at x = exp(log_x), in nats."""
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
    """Returns a tail of the Gamma variable scale / x."""
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
