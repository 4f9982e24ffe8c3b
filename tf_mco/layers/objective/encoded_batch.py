"""The log-joint and the posterior of a batch, from networks and heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mco import estimation
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.layers.objective import generative_model
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


class EncodedBatch(NamedTuple):
  """What an estimator needs, for one batch that was encoded once."""

  log_joint: types.LogJoint
  posterior: Any
  first_posterior: tfd.Distribution  # q(z1 | x), or its base
  log_likelihood: types.LogJoint  # log p(x | z1), `[K, B]`
  kl: Callable[[], tf.Tensor]  # KL(q(z1 | x) || prior), `[B]`, one layer
  prior: Callable[[], tfd.Distribution]  # p(z) of the last z


def make(
  x: tf.Tensor,
  encoder: tuple[conditional_lib.Conditional, ...],
  decoder: tuple[conditional_lib.Conditional, ...],
  prior: Any,
  *,
  chain: bool,
  training: bool,
) -> EncodedBatch:
  """Returns the problem of prepared data `[B, ...]`.

  Args:
    x: what the likelihood scores.
    encoder: q(z1 | x), q(z2 | z1), ...
    decoder: p(x | z1), p(z1 | z2), ...
    prior: a layer whose `.distribution()` is p(z) of the last z.
    chain: whether the posterior is a Chain, even of one layer.
    training: passed to the networks.
  """

  def first_posterior_of(data: tf.Tensor) -> tfd.Distribution:
    parameters = encoder[0].parameters(data, training=training)
    return encoder[0].head.distribution(parameters)

  def posterior_given(first: tfd.Distribution) -> Any:
    return _chain(first, encoder[1:], training) if chain else first

  log_joint = generative_model.GenerativeModel(
    x,
    decoder,
    prior,
    lambda data: posterior_given(first_posterior_of(data)),
    training=training,
  )
  given = first_posterior_of(x)
  posterior = posterior_given(given)
  # A Hamiltonian posterior has no mean and no divergence of its own.
  first = given if protocol.can_rescore(given) else given.base

  def kl() -> tf.Tensor:
    return tfd.kl_divergence(first, prior.distribution())

  return EncodedBatch(
    log_joint,
    posterior,
    first,
    log_joint.log_likelihood,
    kl,
    prior.distribution,
  )


def _chain(
  first: tfd.Distribution,
  rest: tuple[conditional_lib.Conditional, ...],
  training: bool,
) -> posteriors.Chain:
  def conditional(stage: conditional_lib.Conditional) -> Callable:
    return lambda *previous: stage.distribution(previous[-1], training=training)

  return posteriors.Chain([first, *(conditional(stage) for stage in rest)])


def with_analytic_kl(
  estimator: Any, problem: EncodedBatch, *, seed: types.Seed
) -> types.Surrogate:
  """Returns the surrogate of E_q[log p(x | z)] - KL(q || p).

  The divergence is in closed form, and so is its gradient, in posterior and
  prior; the estimator serves the expected log-likelihood. A Hamiltonian
  posterior, which has no such divergence, has that of its base as a control
  variate.

  Raises:
    ValueError: for another posterior that scores its own samples only.
  """
  fn, posterior = problem.log_likelihood, problem.posterior
  if not protocol.can_rescore(posterior):
    if not hasattr(posterior, 'with_prior'):
      raise ValueError(
        '`analytic_kl` needs a posterior with a divergence in closed form, or '
        'with a control variate, `with_prior`, as posteriors.Hamiltonian has. '
        f'Received: {posterior!r}'
      )
    controlled = posterior.with_prior(problem.prior())
    return estimation.estimate(
      estimator, problem.log_joint, controlled, seed=seed
    )
  draw = estimator.draw(fn, posterior, seed=seed)
  mean = estimator.mean_surrogate(fn, posterior, draw)
  kl = problem.kl()
  bound = mean.bound - tf.stop_gradient(kl)
  return types.Surrogate(
    loss=gradients.with_gradient_of(-bound, mean.loss + kl),
    bound=bound,
    log_weights=mean.log_weights - tf.stop_gradient(kl),
  )


def estimate(
  estimator: Any, problem: EncodedBatch, *, analytic_kl: bool, seed: types.Seed
) -> types.Surrogate:
  """Returns the estimator's surrogate of a problem."""
  if analytic_kl:
    return with_analytic_kl(estimator, problem, seed=seed)
  return estimation.estimate(
    estimator, problem.log_joint, problem.posterior, seed=seed
  )
