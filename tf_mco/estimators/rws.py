"""Reweighted wake-sleep, the wake phases."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco.estimators import defensive
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib

_PHASES = ('wake', 'sleep', 'both')
_WAKE_SHARE = {'wake': 1.0, 'sleep': 0.0, 'both': 0.5}


def rws_loss(log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
  """Returns the negative K-sample bound, carrying the wake-phase gradients.

  Args:
    log_p: `[K, B]` log p(x, z[k]) in nats, differentiable in the model.
    log_q: `[K, B]` log q(z[k] | x) of samples whose gradient is stopped,
      differentiable in the posterior.
  Returns:
    `[B]`, equal to `-log(mean_k(exp(log_p[k] - log_q[k])))`. The model's
    gradient is that of the bound; the posterior's climbs sum_k wt[k] log q[k],
    which descends KL(p(z | x) || q).
  Raises:
    ValueError: if the shapes are not the same `[K, B]`.
  Reference: Bornschein and Bengio (2015), arXiv:1406.2751.
  """
  log_p, log_q = checks.log_weights(log_p, log_q)
  return weighted_score_surrogate(log_p, log_q, lambda weights: weights).loss


def weighted_score_surrogate(
  log_p: tf.Tensor,
  log_q: tf.Tensor,
  coefficient: Callable[[tf.Tensor], tf.Tensor],
  *,
  log_proposal: tf.Tensor | None = None,
) -> types.Surrogate:
  """Returns the surrogate with sum_k coefficient(wt)[k] s[k] for q.

  Args:
    log_p: `[K, B]`, nats; the model's gradient flows, with weights wt.
    log_q: `[K, B]`, nats, of stopped samples; the posterior's gradient flows.
    coefficient: maps the normalized weights `[K, B]` to `[K, B]`.
    log_proposal: `[K, B]`, nats, of what drew the samples; q if None.
  """
  log_r = log_q if log_proposal is None else log_proposal
  log_w = tf.stop_gradient(log_p - log_r)
  weights = tf.stop_gradient(tf.nn.softmax(log_w, axis=0))
  # Serves model and prior, then the posterior.
  carrier = log_weights_lib.weighted_sum(weights, log_p)
  carrier += log_weights_lib.weighted_sum(
    tf.stop_gradient(coefficient(weights)), log_q
  )
  bound = log_weights_lib.log_mean_exp(log_w)
  return types.Surrogate(
    loss=gradients.with_estimate_of(-bound, -carrier),
    bound=bound,
    log_weights=log_w,
  )


@dataclasses.dataclass(frozen=True)
class Rws(independent_samples.IndependentSamples):
  """Reweighted wake-sleep, for any posterior, discrete or not.

  The wake phase descends KL(p(z | x) || q) with self-normalized weights wt,

    sum_k wt[k] grad log q(z[k] | x),

  and the model climbs the K-sample bound. The model's phase is always wake.

  Warning: the wake phase is a biased estimate for finite K. At K = 1 the wake
  phase gives the posterior the score, whose mean is 0.

  Args:
    num_samples: K >= 1.
    phase: the phase of the posterior. 'wake' climbs
      sum_k wt[k] log q(z[k] | x).
      'sleep' climbs log q(z | x) of one draw (x, z) from the model for each
      example, which needs a log_joint with `dream`, as the Keras layers have.
      'both' climbs the mean of the two.
    defensive: the fraction of samples, in [0, 1), that a broad distribution
      proposes in place of q. The broad distribution consists of fair coins, or
      of standard normal variables. The weights are those of the mixture; the
      score is the score of q.
  Reference: Bornschein and Bengio (2015), arXiv:1406.2751; Le et al. (2019),
    arXiv:1805.10469.
  """

  num_samples: int = 5
  phase: str = 'wake'
  defensive: float = 0.0

  unbiased_for: ClassVar[None] = None

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.one_of('phase', self.phase, _PHASES)
    checks.in_interval('defensive', self.defensive, 0, 1, open_above=True)

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns K samples of the proposal, and a dream for the sleep phase.

    Raises:
      ValueError: if log_joint cannot dream, or the posterior has no broad
        counterpart, where the options need it.
    """
    posterior = posteriors.as_posterior(posterior)
    sample_seed, dream_seed = random.split(seed, 2)
    draw = super().draw(log_joint, posterior, seed=sample_seed)
    if self.defensive:
      samples = defensive.sample(
        posterior, draw.samples, self.defensive, seed=sample_seed
      )
      draw = draw._replace(samples=samples)
    if self.phase != 'wake':
      dream = self._require_dreams(log_joint).dream(seed=dream_seed)
      draw = draw._replace(extras=dream)
    return draw

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the bound of the proposal's K samples."""
    draw_checks.samples(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    log_q = posterior.log_prob(draw.samples)
    log_p = checks.call_log_joint(log_joint, draw.samples, log_q)
    log_r = log_q
    if self.defensive:
      log_r = defensive.log_prob(posterior, draw.samples, log_q, self.defensive)
    share = _WAKE_SHARE[self.phase]
    result = weighted_score_surrogate(
      log_p, log_q, lambda weights: share * weights, log_proposal=log_r
    )
    if self.phase == 'wake':
      return result
    log_joint = self._require_dreams(log_joint)
    dreamt = (1 - share) * log_joint.log_q_of_dream(draw.extras)
    loss = result.loss - (dreamt - tf.stop_gradient(dreamt))
    return result._replace(loss=loss)

  def _require_dreams(
    self, log_joint: types.LogJoint
  ) -> types.DreamingLogJoint:
    """Returns log_joint, or raises ValueError if it cannot dream."""
    if isinstance(log_joint, types.DreamingLogJoint):
      return log_joint
    raise ValueError(
      f'phase={self.phase!r} needs a log_joint with `dream`, such as a '
      f'LatentVariableModel has. Received: {log_joint!r}'
    )
