"""StudentT through a robust Gamma, or through its own CDF."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.distributions import gamma
from tf_mco.distributions import log_space
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import beta as beta_numerics
from tf_mco.ops import checks
from tf_mco.ops import gradients


class StudentT(tfd.StudentT):
  """`tfd.StudentT`: normal / sqrt(Gamma(df / 2, df / 2)).

  Two gradients in the degrees of freedom, which differ sample by sample and
  agree in expectation: 'ratio', the default, through the Gamma variable:
  elementwise and exact for any df; 'cdf', -(dF/ddf) / q, of lower variance,
  by quadrature; see `Beta`.

  Standard samples are cut at 2^100 (2^1000 in float64), which matters for df
  near 0.1 and less. First-order gradients only.

  Reference: Figurnov, Mohamed and Mnih (2018), arXiv:1805.08498.
  """

  def __init__(
    self,
    df: Any,
    loc: Any,
    scale: Any,
    validate_args: bool = False,
    allow_nan_stats: bool = True,
    gradient: str = 'ratio',
    name: str = 'StudentT',
  ):
    """Makes the distribution; arguments as of `tfd.StudentT`, and `gradient`.

    Args:
      df: degrees of freedom, positive.
      loc: any real number.
      scale: positive; gradients flow to all three.
      validate_args: whether values unknown now are asserted in a graph.
      allow_nan_stats: as in TFP.
      gradient: 'ratio' or 'cdf'.
      name: of the distribution.
    Raises:
      ValueError: for a df or scale known not to be positive, NaN among them,
        and for an unknown `gradient`.
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
    cls, dtype: Any, num_classes: Any = None
  ) -> dict[str, Any]:
    return super()._parameter_properties(dtype, num_classes)

  @property
  def gradient(self) -> str:
    """'ratio' or 'cdf'."""
    return self._gradient

  def _sample_n(self, n: Any, seed: Any = None) -> tf.Tensor:
    df = tf.broadcast_to(self.df, self.batch_shape_tensor())
    normal_seed, gamma_seed = random.split(seed, 2)
    log_gamma = gamma.standard_log_sample(df / 2, [n], seed=gamma_seed)
    noise = random.normal(
      tf.shape(log_gamma), dtype=self.dtype, seed=normal_seed
    )
    (noise, wide) = log_space.in_float64(noise, df)
    # float64: the derivative is the small difference of two near 1 / df.
    log_factor = (tf.math.log(wide / 2) - log_gamma) / 2
    limit = math.log(2) * (1000 if self.dtype == tf.float64 else 100)
    t = noise * tf.exp(tf.clip_by_value(log_factor, -limit, limit))
    if self._gradient == 'cdf':
      t = _attach_cdf(wide, t)
    t = tf.ensure_shape(tf.cast(t, self.dtype), log_gamma.shape)
    return self.loc + self.scale * t


def _attach_cdf(df: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
  """Returns t, float64, with the gradient -(dF/ddf) / q.

  df / (df + t^2) is Beta(df / 2, 1 / 2), of log-odds log(df / t^2), and its CDF
  moves as that of t does.
  """
  t = tf.stop_gradient(t)
  size = tf.maximum(tf.abs(t), tf.constant(2.0**-500, t.dtype))
  log_odds = tf.math.log(df) - 2 * tf.math.log(size)
  # A scalar: XLA would compute the digamma of a tensor of it as it compiles.
  half = tf.constant(0.5, df.dtype)
  log_odds = beta_numerics.with_path_gradient(df / 2, half, log_odds)
  log_size = (tf.math.log(df) - log_odds) / 2
  return gradients.with_gradient_of(t, t * log_size)
