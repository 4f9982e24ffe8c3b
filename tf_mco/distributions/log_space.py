"""The base of the Gamma family: samples and densities in log space."""

from __future__ import annotations

import abc
from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd


class KeepsLog(abc.ABC):
  """A mixin of distributions whose samples remember more than they hold.

  The mixin stands before the TFP class among the bases, so that its `sample` is
  the one that callers reach.
  """

  @abc.abstractmethod
  def sample_keeping_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns samples that `log_prob` scores through their logarithm.

    See `tf_mco.distributions.log_sample`. The estimators draw with this method,
    through `tfd.Independent` too.
    """

  def sample(
    self,
    sample_shape: types.SampleShape = (),
    seed: types.Seed | None = None,
    name: str = 'sample',
    **kwargs: Any,
  ) -> tf.Tensor:
    """Returns samples that keep their logarithm.

    TFP's own `sample` reshapes its result, and so do the wrappers that call
    `_sample_n`. Their samples have the same values and no memory.
    """
    del kwargs
    with tf.name_scope(name):
      return self.sample_keeping_log(sample_shape, seed)

  def _sample_n(
    self, n: int | tf.Tensor, seed: types.Seed | None = None, **kwargs: Any
  ) -> tf.Tensor:
    del kwargs
    return self.sample_keeping_log([n], seed)


class LogSpace(KeepsLog):
  """A mixin of positive distributions whose samples keep their logarithm.

  A subclass offers `sample_log` and `log_prob_log`, which work where the sample
  itself underflows.
  """

  @abc.abstractmethod
  def sample_log(
    self, sample_shape: types.SampleShape = (), seed: types.Seed | None = None
  ) -> tf.Tensor:
    """Returns log x, `sample_shape + batch_shape + event_shape`.

    The logarithm is finite also where x underflows. Gradients flow to the
    parameters.
    """

  @abc.abstractmethod
  def log_prob_log(self, log_x: types.TensorLike) -> tf.Tensor:
    """Returns the log-density at x = exp(log_x), in nats.

    The density is that of x, not that of log x.
    """

  def _sample_and_log_prob(
    self, sample_shape: types.SampleShape, seed: types.Seed, **kwargs: Any
  ) -> tuple[tf.Tensor, tf.Tensor]:
    x = self.sample_keeping_log(sample_shape, seed)
    return x, self._log_prob(x)

  @abc.abstractmethod
  def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
    """Returns the log-density at x, through the logarithm that x keeps."""


def in_float64(*tensors: types.TensorLike) -> list[tf.Tensor]:
  """Returns the tensors in float64.

  Densities and divergences at a concentration of 1e4 are differences of numbers
  near 1e5. Float32 would leave two decimals of such a difference.
  """
  return [tf.cast(tensor, tf.float64) for tensor in tensors]


def times_log(factor: tf.Tensor, log_x: tf.Tensor) -> tf.Tensor:
  """Returns factor * log_x, and 0 where the factor is 0, also at -inf."""
  return tf.math.multiply_no_nan(log_x, factor)


def support_only(
  distribution: tfd.Distribution, inside: tf.Tensor, log_prob: tf.Tensor
) -> tf.Tensor:
  """Returns `log_prob`, or -inf outside of the support if that is asked for.

  Args:
    distribution: has the option `force_probs_to_zero_outside_support`.
    inside: boolean, tells which values lie in the support.
    log_prob: log-densities of the values, in nats.
  """
  if not distribution.force_probs_to_zero_outside_support:
    return log_prob
  nothing = tf.constant(-float('inf'), log_prob.dtype)
  return tf.where(inside, log_prob, nothing)
