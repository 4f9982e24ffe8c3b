"""The ELBO of reparameterized samples."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.posteriors import protocol


@dataclasses.dataclass(frozen=True)
class Elbo(independent_samples.ReparameterizedSamples):
  """The mean of log-weights, differentiated through the samples.

  The whole derivative: through the samples, and through the density of q.

  Args:
    num_samples: K >= 1, averaged.
  Reference: Kingma and Welling (2014), arXiv:1312.6114.
  """

  unbiased_for: ClassVar[str] = 'elbo'
  rescores: ClassVar[bool] = False

  def mean_surrogate(
    self, integrand: score_function.Integrand, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`, differentiable in them.
      posterior: gradients reach its parameters through the samples.
      draw: of this estimator and posterior.
    """
    like = tf.stop_gradient(protocol.log_q_of(posterior, draw))
    values = checks.call_log_joint(integrand, draw.samples, like)
    return _surrogate(values, values)

  def surrogate(
    self, log_joint: types.LogJoint, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[log p(x, z) - log q(z | x)].

    A posterior with an `elbo_integrand` has integrated terms out of the bound;
    `log_weights` are exact.
    """
    log_w = protocol.log_weights(log_joint, posterior, draw)
    if hasattr(posterior, 'elbo_integrand'):
      return _surrogate(posterior.elbo_integrand(log_joint, draw), log_w)
    return _surrogate(log_w, log_w)


def _surrogate(values: tf.Tensor, log_w: tf.Tensor) -> types.Surrogate:
  value = tf.reduce_mean(values, axis=0)
  return types.Surrogate(
    loss=-value,
    bound=tf.stop_gradient(value),
    log_weights=tf.stop_gradient(log_w),
  )
