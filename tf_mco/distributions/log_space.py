"""What the Gamma family shares: samples and densities in log space."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd


class LogSpace(abc.ABC):
  """A mixin: `sample_log`, `log_prob_log`, and samples that keep their log.

  It stands before the TFP class among the bases.
  """

  @abc.abstractmethod
  def sample_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x, `sample_shape + batch_shape + event_shape`.

    Finite also where x underflows. Gradients flow to the parameters.
    """

  @abc.abstractmethod
  def log_prob_log(self, log_x: Any) -> tf.Tensor:
    """Returns the log-density of x (not of log x) at x = exp(log_x), nats."""

  @abc.abstractmethod
  def sample_keeping_log(
    self, sample_shape: Any = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns samples which `log_prob` scores through their logarithm.

    See `tf_mco.ops.log_sample`. The estimators draw so, through
    `tfd.Independent` too.
    """

  def sample(
    self,
    sample_shape: Any = (),
    seed: types.Seed | None = None,
    name: str = 'sample',
    **kwargs: Any,
  ) -> tf.Tensor:
    """Returns samples which keep their logarithm.

    TFP's own `sample` reshapes, and so do the wrappers that call `_sample_n`:
    their samples have the same values without the memory.
    """
    del kwargs
    with tf.name_scope(name):
      return self.sample_keeping_log(sample_shape, seed)

  def _sample_n(self, n: Any, seed: Any = None, **kwargs: Any) -> tf.Tensor:
    del kwargs
    return self.sample_keeping_log([n], seed)

  def _sample_and_log_prob(
    self, sample_shape: Any, seed: Any, **kwargs: Any
  ) -> tuple[tf.Tensor, tf.Tensor]:
    x = self.sample_keeping_log(sample_shape, seed)
    return x, self._log_prob(x)

  @abc.abstractmethod
  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the log-density at x, through the logarithm that x keeps."""


def draw(
  distribution: tfd.Distribution,
  sample_shape: Any,
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns samples that keep their logarithm where the family has one.

  Args:
    distribution: any; the memory passes through `tfd.Independent`.
    sample_shape: sizes, integers or scalar tensors.
    seed: an integer or an int32 `[2]` tensor.
  """
  inner = distribution
  while type(inner) is tfd.Independent:
    inner = inner.distribution
  if isinstance(inner, LogSpace):
    return inner.sample_keeping_log(sample_shape, seed)
  return random.sample(distribution, sample_shape, seed=seed)


def in_float64(*tensors: Any) -> list[tf.Tensor]:
  """Returns the tensors in float64.

  Densities and divergences at a concentration of 1e4 are differences of numbers
  near 1e5: float32 would leave two decimals of them.
  """
  return [tf.cast(tensor, tf.float64) for tensor in tensors]


def times_log(factor: tf.Tensor, log_x: tf.Tensor) -> tf.Tensor:
  """Returns factor * log_x, 0 where the factor is, also at log_x = -inf."""
  return tf.math.multiply_no_nan(log_x, factor)


def support_only(
  distribution: Any, inside: tf.Tensor, log_prob: tf.Tensor
) -> tf.Tensor:
  """Returns -inf outside of the support, if the distribution was told so."""
  if not distribution.force_probs_to_zero_outside_support:
    return log_prob
  nothing = tf.constant(-float('inf'), log_prob.dtype)
  return tf.where(inside, log_prob, nothing)
