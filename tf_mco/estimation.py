"""Drawing and differentiating in one call."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import score_function
from tf_mco.posteriors import protocol


def estimate(
  estimator: types.Estimator,
  log_joint: types.LogJoint,
  posterior: Any,
  *,
  seed: types.Seed,
) -> types.Surrogate:
  """Draws, and returns the per-example loss whose gradient is the estimate.

  Args:
    estimator: say `tf_mco.get_estimator('disarm')`.
    log_joint: maps samples `[K, B, D]` (or a tuple of them, one per
      stochastic layer) to log p(x, z), `[K, B]`, in nats. Gradients flow to
      the model's and the prior's parameters.
    posterior: a `tfd.Distribution` of batch shape `[B]`, or one of
      `tf_mco.posteriors`. The estimated gradient flows to its parameters.
    seed: an integer or an int32 `[2]` tensor; the same seed, the same draw.
  Returns:
    A `Surrogate`: `loss` `[B]`, whose value is minus the bound and whose
    gradient is the estimate; `bound` `[B]` and `log_weights` `[K, B]`, both in
    nats and without gradient.
  Raises:
    ValueError: if the posterior does not suit the estimator, or log_joint
      returns anything but `[K, B]`.
  """
  protocol.check(posterior)
  draw = estimator.draw(log_joint, posterior, seed=seed)
  return estimator.surrogate(log_joint, posterior, draw)


def expectation(
  estimator: types.Estimator,
  fn: score_function.Integrand,
  posterior: Any,
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns an estimate of E_q[fn(z)] that can be differentiated.

  For any cost or reward, not only for a bound: `fn` may be a black box
  wherever the estimator needs no gradient of it.

  Args:
    estimator: an estimator of a mean, say 'reinforce_loo' or 'disarm'.
    fn: maps samples `[K, B, D]` to `[K, B]`. Gradients flow to whatever
      parameters it has.
    posterior: a `tfd.Distribution` of batch shape `[B]`, or one of
      `tf_mco.posteriors`. The estimated gradient flows to its parameters.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `[B]`, the mean of fn over the samples.
  Raises:
    ValueError: if the estimator is one of a K-sample bound.
  """
  if not hasattr(estimator, 'mean_surrogate'):
    raise ValueError(
      '`expectation` needs an estimator of a mean, such as reinforce, '
      f'reinforce_loo, arm or disarm. Received: {estimator!r}'
    )
  # One that scores only its own samples would follow `fn` as if it were
  # log_joint: another posterior.
  protocol.as_chain(posterior)
  draw = estimator.draw(fn, posterior, seed=seed)
  return -estimator.mean_surrogate(fn, posterior, draw).loss
