"""VIMCO: the K-sample bound with per-sample learning signals."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib

_BASELINES = ('geometric', 'arithmetic')
_REASON = 'the other samples are the baseline'


def vimco_loss(
  log_p: tf.Tensor, log_q: tf.Tensor, *, baseline: str = 'geometric'
) -> tf.Tensor:
  """Returns the negative K-sample bound, carrying VIMCO's gradient.

  Args:
    log_p: `[K, B]` log p(x, z[k]) in nats, differentiable in the model; -inf
      is a weight of zero.
    log_q: `[K, B]` log q(z[k] | x) of samples whose gradient is stopped,
      differentiable in the posterior.
    baseline: 'geometric' or 'arithmetic', the mean of the other weights that
      stands in for the k-th.
  Returns:
    `[B]`, equal to `-log(mean_k(exp(log_p[k] - log_q[k])))`; not reduced over
    `B`.
  Raises:
    ValueError: if the shapes are not the same `[K, B]`, `K < 2`, or the
      baseline is unknown.

  #### Example

  >>> log_p = tf.math.log([[0.5], [0.25]])
  >>> log_q = tf.math.log([[0.5], [0.5]])
  >>> print(round(float(tf.exp(-vimco_loss(log_p, log_q))[0]), 4))
  0.75

  Reference: Mnih and Rezende (2016), Algorithm 1, arXiv:1602.06725.
  """
  checks.one_of('baseline', baseline, _BASELINES)
  log_p, log_q = checks.log_weights(log_p, log_q)
  checks.at_least('num_samples', log_p.shape[0], 2, _REASON)
  return _surrogate(log_p, log_q, baseline).loss


def _surrogate(
  log_p: tf.Tensor, log_q: tf.Tensor, baseline: str
) -> types.Surrogate:
  log_w = log_p - log_q
  bound = log_weights_lib.log_mean_exp(log_w)
  # Serves the posterior: each score has its own constant learning signal.
  stopped = tf.stop_gradient(log_w)
  signal = tf.stop_gradient(bound) - log_weights_lib.vimco_baseline(
    stopped, baseline
  )
  score = tf.reduce_sum(tf.stop_gradient(signal) * log_q, axis=0)
  # The bound stays attached to log_q: -sum_k wt_k s_k is part of the estimate.
  return types.Surrogate(
    loss=gradients.with_estimate_of(-bound, -(bound + score)),
    bound=tf.stop_gradient(bound),
    log_weights=stopped,
  )


@dataclasses.dataclass(frozen=True)
class Vimco(independent_samples.IndependentSamples):
  """Variational inference for Monte Carlo objectives.

  With L the K-sample bound and L[-k] the bound in which a mean of the other
  weights replaces the k-th weight, the posterior's gradient is

    sum_k (L - L[-k]) grad log q(z[k] | x) - sum_k wt[k] grad log q(z[k] | x).

  The estimate is unbiased for the K-sample bound. Use this estimator for
  discrete variables of any kind.

  Args:
    num_samples: K >= 2.
    baseline: 'geometric' (the paper's) or 'arithmetic' mean of the others.
  Reference: Mnih and Rezende (2016), arXiv:1602.06725.
  """

  num_samples: int = 5
  baseline: str = 'geometric'

  unbiased_for: ClassVar[str] = 'iwae'
  minimum: ClassVar[int] = 2
  minimum_reason: ClassVar[str] = _REASON

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.one_of('baseline', self.baseline, _BASELINES)

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the K-sample bound."""
    draw_checks.samples(draw, self.num_samples)
    log_q = posteriors.as_posterior(posterior).log_prob(draw.samples)
    log_p = checks.call_log_joint(log_joint, draw.samples, log_q)
    return _surrogate(log_p, log_q, self.baseline)
