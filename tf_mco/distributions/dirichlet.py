"""Dirichlet, normalized in log space, with the two gradients of Beta."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import gamma
from tf_mco.distributions import log_sample
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks


class Dirichlet(log_space.LogSpace, tfd.Dirichlet):
  """A Dirichlet distribution with an implicit gradient that is exact.

  With concentrations a[1..D], the density at a probability vector x is

    p(x) = Gamma(sum_i a[i]) prod_i x[i]^(a[i] - 1) / Gamma(a[i]).

  A sample is the softmax of the logarithms of independent Gamma(a[i], 1)
  variables. Use this class in place of `tfd.Dirichlet` wherever a gradient
  flows through a sample, for example for the topic proportions of a document.

  There are two gradients. They differ from sample to sample and agree in
  expectation:

  - 'ratio', the default, goes through the Gamma variables. It is symmetric in
    the components, and exact at every concentration.
  - 'cdf' goes through the distributional transform. The fraction that component
    i takes of what the components before it have left is
    Beta(a[i], a[i + 1] + ... + a[D]), and moves with the gradient of a
    univariate Beta.

  A component that underflows is 0, and a sample keeps its logarithms.

  Warning: a path gradient needs a function that is continuous on the simplex.
  The part of a step, such as the choice of the largest component, is missing
  without a word. The edges of the simplex need no care, because they do not
  move.

  Warning: only first-order gradients flow through a sample. A second derivative
  through a sample raises a LookupError.

  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> q = distributions.Dirichlet(tf.fill([4, 3], 0.01))
    >>> x = q.sample([5], seed=1)
    >>> x.shape
    TensorShape([5, 4, 3])
    >>> bool(tf.reduce_all(tf.math.is_finite(q.log_prob(x))))
    True
    >>> uniform = distributions.Dirichlet([1.0, 1.0, 1.0])
    >>> print(f'{uniform.log_prob([0.2, 0.3, 0.5]):.3f}')
    0.693

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    concentration: types.TensorLike,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    force_probs_to_zero_outside_support: bool = False,
    gradient: str = 'ratio',
    name: str = 'Dirichlet',
  ):
    """Makes the distribution.

    The arguments are those of `tfd.Dirichlet` and `gradient`.

    Args:
      concentration: `[..., D]`, positive. The gradient flows to the
        concentration.
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
    """Returns log x, `[..., D]`, which does not underflow. See `LogSpace`."""
    return tf.cast(self._wide_log(sample_shape, seed), self.dtype)

  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns x, which keeps log x. See `LogSpace`."""
    return log_sample.exp(self._wide_log(sample_shape, seed), self.dtype)

  def log_prob_log(self, log_x: types.TensorLike) -> tf.Tensor:
    """Returns the log-density of x at x = exp(log_x), `[...]`, in nats."""
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

  def _wide_log(
    self, sample_shape: types.SampleShape, seed: types.Seed | None
  ) -> tf.Tensor:
    """Returns log x in float64, because 1 - x of a large x needs the digits."""
    alpha = tf.convert_to_tensor(self.concentration)
    log_gamma = gamma.standard_log_sample(alpha, sample_shape, seed=seed)
    (log_gamma,) = log_space.in_float64(log_gamma)
    if self._gradient == 'ratio':
      return tf.nn.log_softmax(log_gamma, axis=-1)
    (wide,) = log_space.in_float64(alpha)
    return _stick_breaking(wide, tf.stop_gradient(log_gamma))


def _stick_breaking(alpha: tf.Tensor, log_gamma: tf.Tensor) -> tf.Tensor:
  """Returns log x, each component reparameterized given those before it.

  Args:
    alpha: `[..., D]`, float64. The gradient flows to alpha.
    log_gamma: `sample_shape + [..., D]`, float64, logarithms of Gamma(alpha, 1)
      variables, without a gradient.
  """
  others_alpha = tf.cumsum(alpha, axis=-1, exclusive=True, reverse=True)
  log_rest = tf.math.cumulative_logsumexp(
    log_gamma, axis=-1, exclusive=True, reverse=True
  )
  # The last component is what the others have left, and has no fraction.
  log_odds = (log_gamma - log_rest)[..., :-1]
  log_odds = beta_numerics.with_path_gradient(
    alpha[..., :-1], others_alpha[..., :-1], log_odds
  )
  # Logarithms of the fraction of the stick that a component takes, and of the
  # fraction that it leaves.
  taken, left = -tf.nn.softplus(-log_odds), -tf.nn.softplus(log_odds)
  none = tf.zeros_like(log_gamma[..., :1])
  before = tf.concat([none, tf.cumsum(left, axis=-1)], axis=-1)
  return before + tf.concat([taken, none], axis=-1)
