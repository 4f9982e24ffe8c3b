"""StudentT, reparameterized through a Gamma variable or through its own CDF."""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco._tfp import util as tfp_util
from tf_mco.distributions import gamma
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks
from tf_mco.ops import gradients


class StudentT(tfd.StudentT):
  """A Student t distribution with an exact gradient in the degrees of freedom.

  With z = (x - loc) / scale, the density is

    p(x) = Gamma((df + 1) / 2) / (Gamma(df / 2) sqrt(pi df) scale)
           * (1 + z^2 / df)^(-(df + 1) / 2).

  A sample is loc + scale * e / sqrt(g), with a standard normal e and g of
  Gamma(df / 2, rate=df / 2). Use this class for posteriors with heavy tails.

  There are two gradients in the degrees of freedom. They differ from sample to
  sample and agree in expectation:

  - 'ratio', the default, goes through the Gamma variable. It is fast, and exact
    for any df.
  - 'cdf' is -(dF/ddf) / p, computed by quadrature as in `Beta`. Its variance
    is lower.

  Standardized samples are cut at 2^100 (2^1000 in float64), which matters for
  df near 0.1 and below.

  Warning: a path gradient needs a function that is continuous in the sample,
  because the part of a step is missing without a word. Its mean must exist as
  well: for a function that grows as |x|^r, the degrees of freedom must be more
  than r, and more than 2 r for a gradient of finite variance.

  Warning: only first-order gradients flow through a sample. A second derivative
  through a sample raises a LookupError.

  Example:
    >>> from tf_mco import distributions
    >>> q = distributions.StudentT([1.0, 5.0], loc=0.0, scale=2.0)
    >>> q.sample([5], seed=1).shape
    TensorShape([5, 2])
    >>> print(q.log_prob(0.0).numpy().round(3))
    [-1.838 -1.662]

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    df: types.TensorLike,
    loc: types.TensorLike,
    scale: types.TensorLike,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    gradient: str = 'ratio',
    name: str = 'StudentT',
  ):
    """Makes the distribution.

    The arguments are those of `tfd.StudentT` and `gradient`.

    Args:
      df: degrees of freedom, positive. Gradients flow to all of the parameters.
      loc: the location, any real number.
      scale: positive.
      validate_args: asserts, in a graph, values that are not known before.
      allow_nan_stats: the option of the same name of TFP.
      gradient: the route of the gradient, 'ratio' or 'cdf'; see above.
      name: the name of the distribution.
    Raises:
      ValueError: for a df or scale that is known and not positive, such as
        NaN, and for an unknown `gradient`.
    """
    parameters = {
      'df': df,
      'loc': loc,
      'scale': scale,
      'validate_args': validate_args,
      'allow_nan_stats': allow_nan_stats,
      'gradient': gradient,
      'name': name,
    }
    checks.one_of('gradient', gradient, ('ratio', 'cdf'))
    parameter_checks.positive('StudentT', df=df, scale=scale)
    parameter_checks.finite('StudentT', loc=loc)
    self._gradient = gradient
    super().__init__(df, loc, scale, validate_args, allow_nan_stats, name)
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

  def _sample_n(
    self, n: int | tf.Tensor, seed: types.Seed | None = None
  ) -> tf.Tensor:
    df = tf.broadcast_to(self.df, self.batch_shape_tensor())
    normal_seed, gamma_seed = random.split(seed, 2)
    log_gamma = gamma.standard_log_sample(df / 2, [n], seed=gamma_seed)
    noise = random.normal(
      tf.shape(log_gamma), dtype=self.dtype, seed=normal_seed
    )
    noise, wide, log_gamma = log_space.in_float64(noise, df, log_gamma)
    # In float64, because the derivative in df is the small difference of two
    # numbers near 1 / df.
    log_factor = (tf.math.log(wide / 2) - log_gamma) / 2
    limit = math.log(2) * (1000 if self.dtype == tf.float64 else 100)
    t = noise * tf.exp(tf.clip_by_value(log_factor, -limit, limit))
    if self._gradient == 'cdf':
      t = _with_cdf_gradient(wide, t)
    t = tf.ensure_shape(tf.cast(t, self.dtype), log_gamma.shape)
    return self.loc + self.scale * t


def _with_cdf_gradient(df: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
  """Returns t, float64, with the gradient -(dF/ddf) / p in df.

  The variable df / (df + t^2) is Beta(df / 2, 1 / 2). Its log-odds are
  log(df / t^2), and the quantile of t is fixed where theirs is.
  """
  # Serves the gradient in df, which replaces that of the ratio.
  t = tf.stop_gradient(t)
  size = tf.maximum(tf.abs(t), tf.constant(2.0**-500, t.dtype))
  log_odds = tf.math.log(df) - 2 * tf.math.log(size)
  # A scalar, because XLA would compute the digamma of a constant tensor while
  # it compiles, element by element.
  half = tf.constant(0.5, df.dtype)
  log_odds = beta_numerics.with_path_gradient(df / 2, half, log_odds)
  log_size = (tf.math.log(df) - log_odds) / 2
  return gradients.with_gradient_of(t, t * log_size)
