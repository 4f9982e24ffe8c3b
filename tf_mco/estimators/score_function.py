"""What estimators of a mean share: the ELBO is the mean of log-weights."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco.ops import checks
from tf_mco.posteriors import protocol

# Maps `types.Samples` to `[K, B]`.
Integrand = Callable[[Any], tf.Tensor]


class ScoreMean(abc.ABC):
  """Estimators of grad E_q[f(z)] that need no gradient of f in z.

  f is fully stopped where it multiplies a score. For the ELBO, f = log p -
  log q, the direct term -grad log q has mean zero and is dropped, as in the
  original implementations.
  """

  @abc.abstractmethod
  def mean_surrogate(
    self, integrand: Integrand, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`; gradients flow to its parameters.
      posterior: gradients flow to its parameters.
      draw: of the same estimator and posterior.
    Returns:
      `bound` is the mean of the integrand over the samples, `log_weights`
      its values.
    """

  def surrogate(
    self, log_joint: types.LogJoint, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of the ELBO, E_q[log p(x, z) - log q(z | x)]."""

    def integrand(samples: types.Samples) -> tf.Tensor:
      # Serves the posterior: its score multiplies a constant signal.
      log_q = tf.stop_gradient(protocol.log_prob(posterior, samples))
      return checks.call_log_joint(log_joint, samples, log_q) - log_q

    return self.mean_surrogate(integrand, posterior, draw)
