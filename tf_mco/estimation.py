"""Estimates in one call: a draw, then the loss that carries the gradient."""

from __future__ import annotations

import tensorflow as tf

from tf_mco import estimators
from tf_mco import posteriors
from tf_mco import types
from tf_mco.ops import checks


def estimate(
  estimator: estimators.Estimator,
  log_joint: types.LogJoint,
  posterior: posteriors.PosteriorLike,
  *,
  seed: types.Seed,
) -> types.Surrogate:
  """Draws, and returns the per-example loss whose gradient is the estimate.

  Args:
    estimator: an estimator, say `tf_mco.get_estimator('disarm')`.
    log_joint: maps samples `[K, B, D]` (or a tuple of them, one per
      stochastic layer) to log p(x, z), `[K, B]`, in nats. Gradients flow to
      the parameters of the model and of the prior.
    posterior: a `tfd.Distribution` of batch shape `[B]`, or one of
      `tf_mco.posteriors`. The estimated gradient flows to its parameters.
    seed: an integer or an int32 `[2]` tensor. The same seed gives the same
      draw.
  Returns:
    A `Surrogate`: `loss` `[B]`, whose value is minus the bound and whose
    gradient is the estimate (of first order, unless the estimator is one of an
    attached bound: elbo, iwae, ciwae, renyi or miwae); `bound` `[B]` and
    `log_weights` `[K, B]`, both in nats and without gradient.
  Raises:
    ValueError: for an argument of another kind, for a posterior that does not
      suit the estimator, and if log_joint returns anything but `[K, B]`. If the
      estimator differentiates through samples, also if log_joint has no
      gradient in the samples of a layer (see `ops.lost_paths`). In eager
      execution also if an estimator that differentiates through angles of
      a von Mises posterior gets a log_joint that differs at -pi and pi. A
      compiled step has no values to compare, so that its log_joint should be
      run eagerly once.

  #### Example

  The model has two fair bits z and sees x ~ N(z1 + z2, 1) at x = 1.

  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> tfd = tfp.distributions
  >>> logits = tf.Variable(tf.zeros([1, 2]))
  >>> def log_joint(z):
  ...   log_prior = 2 * tf.math.log(0.5)
  ...   return log_prior + tfd.Normal(tf.reduce_sum(z, -1), 1.0).log_prob(1.0)
  >>> disarm = tf_mco.get_estimator('disarm')
  >>> with tf.GradientTape() as tape:
  ...   bits = tfd.Bernoulli(logits=logits, dtype=tf.float32)
  ...   posterior = tfd.Independent(bits, 1)
  ...   surrogate = tf_mco.estimate(disarm, log_joint, posterior, seed=0)
  >>> print(surrogate.bound.shape, tape.gradient(surrogate.loss, logits).shape)
  (1,) (1, 2)
  """
  estimators.estimator.require(estimator)
  checks.function('log_joint', log_joint)
  posterior = posteriors.as_posterior(posterior)
  draw = estimator.draw(log_joint, posterior, seed=seed)
  return estimator.surrogate(log_joint, posterior, draw)


def expectation(
  estimator: estimators.Estimator,
  fn: types.Integrand,
  posterior: posteriors.PosteriorLike,
  *,
  seed: types.Seed,
) -> tf.Tensor:
  """Returns an estimate of E_q[fn(z)] that can be differentiated.

  The function may be any cost or reward, not only a bound. It may be a black
  box wherever the estimator needs no gradient of it.

  Args:
    estimator: an estimator of a mean, say 'reinforce_loo' or 'disarm'.
    fn: maps samples `[K, B, D]` to `[K, B]`. Gradients flow to the parameters
      of `fn`, if it has any.
    posterior: a `tfd.Distribution` of batch shape `[B]`, or one of
      `tf_mco.posteriors`. The estimated gradient flows to its parameters.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `[B]`, the mean of fn over the samples.
  Raises:
    ValueError: if the estimator is one of a K-sample bound, or if the posterior
      scores only its own samples, because it would follow `fn` as if `fn` were
      log p(x, z). If the estimator differentiates through samples, also if `fn`
      has no gradient in the samples of any layer.

  #### Example

  >>> import tensorflow_probability as tfp
  >>> import tf_mco
  >>> tfd = tfp.distributions
  >>> posterior = tfd.Independent(tfd.Normal(tf.zeros([3, 2]), 1.0), 1)
  >>> cost = lambda z: tf.reduce_sum(z**2, axis=-1)
  >>> elbo = tf_mco.get_estimator('elbo', num_samples=10)
  >>> print(tf_mco.expectation(elbo, cost, posterior, seed=0).shape)
  (3,)
  """
  checks.function('fn', fn)
  if not isinstance(estimator, estimators.MeanEstimator):
    estimators.estimator.require(estimator)
    raise ValueError(
      '`expectation` needs an estimator of a mean, such as reinforce, '
      'reinforce_loo, arm or disarm, or a class of your own that extends '
      f'tf_mco.estimators.MeanEstimator. Received: {estimator!r}'
    )
  posterior = posteriors.as_posterior(posterior)
  posterior.require_rescoring()
  draw = estimator.draw(fn, posterior, seed=seed)
  return -estimator.mean_surrogate(fn, posterior, draw).loss
