"""One batch of observations, encoded once: its log-joint and its posterior."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco import estimation
from tf_mco import estimators
from tf_mco import posteriors
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.layers.heads import prior as prior_lib
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.layers.objective import configuration
from tf_mco.layers.objective import generative_model
from tf_mco.layers.objective import matching
from tf_mco.ops import gradients
from tf_mco.posteriors import periodicity

Conditionals = tuple[conditional_lib.Conditional, ...]


class EncodedBatch:
  """The log-joint and the posterior of one batch, as an estimator needs them.

  Attributes:
    log_joint: log p(x, z) of the batch, a `GenerativeModel`.
    posterior: q(z | x).
  """

  def __init__(
    self,
    x: tf.Tensor,
    encoder: Conditionals,
    decoder: Conditionals,
    prior: prior_lib.Prior,
    *,
    chain: bool,
    training: bool,
  ):
    """Encodes prepared observations.

    Args:
      x: `[B, ...]`, the observations that the likelihood scores.
      encoder: q(z1 | x), q(z2 | z1), ...
      decoder: p(x | z1), p(z1 | z2), ...
      prior: a layer whose `.distribution()` is p(z) of the last z.
      chain: whether the posterior is a Chain, even of one layer.
      training: passed to the networks.
    """
    self._encoder, self._decoder, self._prior = encoder, decoder, prior

    def posterior_of(observations: tf.Tensor) -> posteriors.Posterior:
      parameters = encoder[0].parameters(observations, training=training)
      first = encoder[0].head.distribution(parameters)
      if chain:
        return _chain(first, encoder[1:], training)
      return posteriors.as_posterior(first)

    self.log_joint = generative_model.GenerativeModel(
      x, decoder, prior, posterior_of, training=training
    )
    self.posterior = posterior_of(x)

  @property
  def first_posterior(self) -> tfd.Distribution:
    """The distribution q(z1 | x), or the base that a Hamiltonian moves."""
    return self.posterior.base

  def check(self) -> str | None:
    """Raises ValueError if posterior and model do not match.

    The supports and event shapes of each variable must be equal, and the model
    must be periodic in angles, as far as both can be seen at a sample. The
    check needs eager execution.

    Returns:
      The support of the likelihood, or None if it is not known.
    """
    if self.posterior.can_rescore:
      path = self.posterior.sample_path(1, seed=0)
      posterior = self.posterior.conditionals(path)
    else:  # the base has what the steps keep
      path = (sampling.sample(self.first_posterior, [1], seed=0),)
      posterior = [self.first_posterior]
    model = [
      conditional.distribution(samples)
      for conditional, samples in zip(self._decoder, path, strict=True)
    ]
    support = matching.check_built(
      self._encoder,
      self._decoder,
      self._prior,
      posterior,
      [*model, self.prior()],
    )
    samples = self.posterior.pack(path)
    periodicity.check(self.log_joint, posterior, samples)
    return support

  @property
  def log_likelihood(self) -> types.LogJoint:
    """The function that maps samples to log p(x | z1), `[K, B]`, in nats."""
    return self.log_joint.log_likelihood

  def prior(self) -> tfd.Distribution:
    """Returns p(z) of the last z."""
    return self._prior.distribution()

  def kl(self) -> tf.Tensor:
    """Returns KL(q(z1 | x) || prior), `[B]`, for one stochastic layer."""
    return tfd.kl_divergence(self.first_posterior, self.prior())


def _chain(
  first: tfd.Distribution, rest: Conditionals, training: bool
) -> posteriors.Chain:
  def given_last(
    conditional: conditional_lib.Conditional,
  ) -> Callable[..., tfd.Distribution]:
    return lambda *previous: conditional.distribution(
      previous[-1], training=training
    )

  return posteriors.Chain([first, *map(given_last, rest)])


def estimate(
  estimator: estimators.Estimator,
  batch: EncodedBatch,
  *,
  analytic_kl: bool,
  seed: types.Seed,
) -> types.Surrogate:
  """Returns the estimator's surrogate of an encoded batch.

  Args:
    estimator: any estimator; with `analytic_kl`, an estimator of a mean.
    batch: the encoded observations.
    analytic_kl: whether the divergence from the prior is in closed form.
    seed: an integer or an int32 `[2]` tensor.
  Raises:
    ValueError: for `analytic_kl` with an estimator that is not one of a mean,
      also where that estimator stands in for the model's own.
  """
  posterior = batch.posterior
  if analytic_kl:
    of_mean = configuration.require_mean(estimator, posterior.num_layers)
    if posterior.can_rescore:
      return _with_analytic_kl(of_mean, batch, seed=seed)
    # A posterior that follows log_joint has no divergence in closed form. The
    # divergence of its base serves as a control variate instead.
    posterior = posterior.with_prior(batch.prior())
  return estimation.estimate(estimator, batch.log_joint, posterior, seed=seed)


def _with_analytic_kl(
  estimator: estimators.MeanEstimator,
  batch: EncodedBatch,
  *,
  seed: types.Seed,
) -> types.Surrogate:
  """Returns the surrogate of E_q[log p(x | z)] - KL(q || p).

  The divergence is in closed form, and so is its gradient, in posterior and
  prior. The estimator serves the expected log-likelihood.
  """
  posterior = batch.posterior
  draw = estimator.draw(batch.log_likelihood, posterior, seed=seed)
  likelihood = estimator.mean_surrogate(batch.log_likelihood, posterior, draw)
  kl = batch.kl()
  bound = likelihood.mean - tf.stop_gradient(kl)
  # The divergence is the mean of log q - log p, and a log-weight has the value
  # of that difference. Bound and log-weights are reported only, so that their
  # gradient is stopped in every group of parameters.
  last = types.as_path(draw.samples)[-1]
  log_prior = sampling.log_prob(batch.prior(), last)
  log_ratio = log_prior - posterior.log_prob(draw.samples)
  return types.Surrogate(
    loss=gradients.with_gradient_of(-bound, likelihood.loss + kl),
    bound=bound,
    log_weights=likelihood.values + tf.stop_gradient(log_ratio),
  )
