"""The contract of an estimator, and the class of estimators of a mean."""

from __future__ import annotations

import abc
from typing import Protocol, runtime_checkable

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.ops import gradients


@runtime_checkable
class Estimator(Protocol):
  """A Monte Carlo objective together with the estimate of its gradient.

  `draw` holds all of the randomness; `surrogate` is deterministic. An estimator
  of your own is a frozen dataclass with these methods.

  The gradient of the loss has one meaning in each group of parameters. In the
  posterior's parameters it estimates the gradient that `unbiased_for` names; in
  the parameters of model and prior it always is an unbiased estimate of the
  gradient of minus the reported bound.
  """

  @property
  def num_samples(self) -> int:
    """The samples in the reported bound: K of L_K, or of a mean."""

  @property
  def unbiased_for(self) -> str | None:
    """'elbo', 'iwae' or None: the bound whose gradient q's gradient estimates.

    None says that the expectation of the posterior's gradient is the gradient
    of no bound.
    """

  def evaluations(self, posterior: posteriors.PosteriorLike) -> int:
    """Returns the calls of log_joint per example and step."""

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns everything random that `surrogate` needs."""

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the per-example loss whose gradient is the estimate.

    The estimators of the library raise a ValueError for a draw of another
    number of samples than theirs, or without the pairs or the noise that they
    draw.
    """


def require(estimator: object) -> Estimator:
  """Returns the argument.

  Raises:
    ValueError: unless it is an instance of a class of estimators.
  """
  if isinstance(estimator, Estimator) and not isinstance(estimator, type):
    return estimator
  of_class = ''
  if isinstance(estimator, type):
    of_class = f', a class: {estimator.__name__}() makes an estimator of it'
  raise ValueError(
    "Expected an estimator, say tf_mco.get_estimator('disarm') or "
    'tf_mco.estimators.Disarm(); a class of your own has all the members of '
    f'tf_mco.Estimator. Received: {estimator!r}{of_class}'
  )


class MeanEstimator(abc.ABC):
  """An estimator of the gradient of a mean, grad E_q[f(z)].

  The ELBO is the mean of log-weights. `tf_mco.expectation` serves any other
  function through `mean_surrogate`.
  """

  @abc.abstractmethod
  def evaluations(self, posterior: posteriors.PosteriorLike) -> int:
    """See `Estimator`."""

  @abc.abstractmethod
  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """See `Estimator`."""

  @abc.abstractmethod
  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """See `Estimator`."""

  @abc.abstractmethod
  def mean_surrogate(
    self,
    integrand: types.Integrand,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.MeanSurrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`. Gradients flow to the parameters of
        the integrand.
      posterior: gradients flow to its parameters.
      draw: a draw of the same estimator and posterior.
    """


def from_mean(
  values: tf.Tensor, carrier: tf.Tensor | None = None
) -> types.MeanSurrogate:
  """Returns the surrogate of a mean over samples.

  Args:
    values: `[K, B]` of the integrand, differentiable.
    carrier: `[B]`, whose gradient is added to the gradient of the mean of
      `values`; the value of `carrier` is not.
  """
  mean = tf.reduce_mean(values, axis=0)
  loss = -mean
  if carrier is not None:
    loss = gradients.with_estimate_of(-mean, -(mean + carrier))
  return types.MeanSurrogate(
    loss=loss, mean=tf.stop_gradient(mean), values=tf.stop_gradient(values)
  )


def of_log_weights(surrogate: types.MeanSurrogate) -> types.Surrogate:
  """Returns the surrogate of the ELBO from that of the mean of log-weights."""
  return types.Surrogate(
    loss=surrogate.loss, bound=surrogate.mean, log_weights=surrogate.values
  )
