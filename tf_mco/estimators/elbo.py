"""The ELBO of reparameterized samples."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import estimator
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import lost_paths


@dataclasses.dataclass(frozen=True)
class Elbo(independent_samples.ReparameterizedSamples, estimator.MeanEstimator):
  """The mean of log-weights, differentiated through the samples.

  The loss is

    loss = -1/K sum_k (log p(x, z[k]) - log q(z[k] | x)),

  with its whole derivative: through the samples, and through the density of q.
  Use this estimator for reparameterized posteriors. For discrete posteriors,
  use `reinforce_loo` or `disarm`.

  Args:
    num_samples: K >= 1, the number of samples averaged.
  Reference: Kingma and Welling (2014), arXiv:1312.6114.
  """

  unbiased_for: ClassVar[str] = 'elbo'
  rescores: ClassVar[bool] = False

  def mean_surrogate(
    self,
    integrand: types.Integrand,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.MeanSurrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`, differentiable in the samples.
      posterior: gradients reach its parameters through the samples.
      draw: a draw of this estimator and posterior.
    Raises:
      ValueError: if the integrand has no gradient in the samples.
    """
    draw_checks.samples(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    like = tf.stop_gradient(posterior.log_q(draw))
    followed = lost_paths.differentiable(integrand, every_layer=False)
    return estimator.from_mean(
      checks.call_log_joint(followed, draw.samples, like)
    )

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[log p(x, z) - log q(z | x)].

    A posterior with an `elbo_integrand` of its own has terms of the bound
    integrated out. The `log_weights` are exact for every posterior.

    Raises:
      ValueError: if log_joint has no gradient in the samples of a layer.
    """
    draw_checks.samples(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    log_w = posterior.log_weights(lost_paths.differentiable(log_joint), draw)
    integrand = posterior.elbo_integrand(log_joint, draw)
    bound = estimator.from_mean(log_w if integrand is None else integrand)
    return types.Surrogate(
      loss=bound.loss, bound=bound.mean, log_weights=tf.stop_gradient(log_w)
    )
