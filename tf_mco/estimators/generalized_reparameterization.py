"""RSVI and GREP: almost reparameterized Gamma variables, and a correction."""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses
from typing import ClassVar, NamedTuple, TypeAlias

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample
from tf_mco.distributions import sample_memory
from tf_mco.distributions import sampling
from tf_mco.distributions.numerics import gamma as gamma_numerics
from tf_mco.distributions.numerics import gamma_noise
from tf_mco.estimators import estimator
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import lost_paths

# One tensor, or a tuple of them, without gradient.
Noise: TypeAlias = tf.Tensor | tuple[tf.Tensor, ...]


class Gammas(NamedTuple):
  """The Gamma variables, of rate 1, from which a posterior is made."""

  concentration: tf.Tensor  # `[B, ...]`, float64
  to_samples: Callable[[tf.Tensor], types.Samples]  # from log x, `[K, B, ...]`


@dataclasses.dataclass(frozen=True)
class GeneralizedReparameterization(
  independent_samples.IndependentSamples, estimator.MeanEstimator
):
  """The path through a noise, and the score of the noise's own density.

  With z = h(e; phi), and e of density pi(e; phi), the gradient is

    grad E[f(z)] = E[f'(z) dh/dphi + f(z) grad log pi(e; phi)].

  The estimators of this kind serve Gamma and Dirichlet posteriors. They are
  here to be compared with implicit reparameterization, which needs no
  correction and which `distributions.Gamma` has.
  """

  unbiased_for: ClassVar[str] = 'elbo'

  @abc.abstractmethod
  def noise(self, alpha: tf.Tensor, *, seed: types.Seed) -> Noise:
    """Returns the noise from which `variable` is made, without gradient."""

  @abc.abstractmethod
  def variable(self, noise: Noise, alpha: tf.Tensor) -> gamma_noise.Variable:
    """Returns log x and the log-density of the noise, with their gradients."""

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns K samples. The `extras` are their noise.

    Raises:
      ValueError: if the posterior is neither Gamma nor Dirichlet.
    """
    del log_joint
    gammas = _gammas(posteriors.as_posterior(posterior))
    alpha = tf.stop_gradient(gammas.concentration)
    shape = [self.num_samples, *tf.unstack(tf.shape(alpha))]
    noise = tf.nest.map_structure(
      tf.stop_gradient, self.noise(tf.broadcast_to(alpha, shape), seed=seed)
    )
    samples = gammas.to_samples(self.variable(noise, alpha).log_x)
    stopped = tf.nest.map_structure(sample_memory.stop_gradient, samples)
    return types.Draw(stopped, extras=noise)

  def mean_surrogate(
    self,
    integrand: types.Integrand,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.MeanSurrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`, differentiable in the samples.
      posterior: gradients reach its parameters through samples and noise.
      draw: a draw of this estimator and posterior.
    Raises:
      ValueError: if the integrand has no gradient in the samples.
    """
    draw_checks.noise(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    integrand = lost_paths.differentiable(integrand, every_layer=False)
    gammas = _gammas(posterior)
    variable = self.variable(draw.extras, gammas.concentration)
    samples = gammas.to_samples(variable.log_x)
    log_pi = gradients.sum_event(variable.log_pi, sample_rank=2)
    like = tf.stop_gradient(posterior.log_prob(samples))
    values = checks.call_log_joint(integrand, samples, like)
    # Serves the posterior: the noise's score multiplies a constant signal.
    signal = tf.cast(tf.stop_gradient(values), log_pi.dtype)
    correction = tf.reduce_mean(signal * log_pi, axis=0)
    return estimator.from_mean(values, tf.cast(correction, values.dtype))

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[log p(x, z) - log q(z | x)].

    Raises:
      ValueError: if log_joint has no gradient in the samples.
    """
    posterior = posteriors.as_posterior(posterior)
    # Checked apart, because log q has a gradient in the samples as well.
    log_joint = lost_paths.differentiable(log_joint)

    def log_weights(samples: types.Samples) -> tf.Tensor:
      log_q = posterior.log_prob(samples)
      return checks.call_log_joint(log_joint, samples, log_q) - log_q

    return estimator.of_log_weights(
      self.mean_surrogate(log_weights, posterior, draw)
    )


@dataclasses.dataclass(frozen=True)
class Rsvi(GeneralizedReparameterization):
  """Rejection sampling variational inference: the accepted normal proposal.

  The noise is the normal number that Marsaglia and Tsang's sampler accepted.

  Args:
    num_samples: K >= 1, the number of samples averaged.
    augmentation: B >= 0, by how much the shape of the Gamma variables that are
      proposed is larger. The larger B is, the smaller is the correction.
      Concentrations up to 1/3 need at least 1.
  Reference: Naesseth et al. (2017), arXiv:1610.05683.
  """

  augmentation: int = 1

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.at_least('augmentation', self.augmentation, 0)

  def noise(
    self, alpha: tf.Tensor, *, seed: types.Seed
  ) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the normal and the logarithms of the uniform numbers.

    Raises:
      ValueError: for a known alpha <= 1/3 without augmentation.
    """
    known = tf.get_static_value(alpha) if not self.augmentation else None
    if known is not None and (known <= gamma_noise.MINIMUM_SHAPE).any():
      raise ValueError(
        'RSVI needs concentrations above 1/3, or `augmentation` of at least '
        f'1. Received: a concentration of {known.min()}'
      )
    seeds = random.split(seed, 2)
    shape = alpha + self.augmentation
    log_x = gamma_numerics.log_sample(shape, seed=seeds[0])
    uniform = random.open_uniform(
      [self.augmentation, *tf.unstack(tf.shape(alpha))],
      dtype=alpha.dtype,
      seed=seeds[1],
    )
    return gamma_noise.rejection_noise(log_x, shape), tf.math.log(uniform)

  def variable(self, noise: Noise, alpha: tf.Tensor) -> gamma_noise.Variable:
    """See `GeneralizedReparameterization`."""
    normal, log_uniform = noise
    proposed = gamma_noise.from_rejection_noise(
      normal, alpha + self.augmentation
    )
    shift = gamma_noise.log_augmentation(log_uniform, alpha, self.augmentation)
    return proposed._replace(log_x=proposed.log_x + shift)


@dataclasses.dataclass(frozen=True)
class Grep(GeneralizedReparameterization):
  """Generalized reparameterization: the noise is log x, standardized.

  Args:
    num_samples: K >= 1, the number of samples averaged.
  Reference: Ruiz, Titsias and Blei (2016), arXiv:1610.02287.
  """

  def noise(self, alpha: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
    """Returns standardized logarithms."""
    log_x = gamma_numerics.log_sample(alpha, seed=seed)
    return gamma_noise.standard_noise(log_x, alpha)

  def variable(self, noise: Noise, alpha: tf.Tensor) -> gamma_noise.Variable:
    """See `GeneralizedReparameterization`."""
    return gamma_noise.from_standard_noise(noise, alpha)


def _gammas(posterior: posteriors.Posterior) -> Gammas:
  """Returns the Gamma variables of a posterior.

  Raises:
    ValueError: for a posterior of several layers, and for one whose variables
      are neither Gamma nor Dirichlet.
  """
  inner = None
  if posterior.num_layers == 1:
    inner = sampling.own(sampling.unwrap(posterior.base))
  if isinstance(inner, tfd.Dirichlet):
    return Gammas(
      tf.cast(inner.concentration, tf.float64),
      lambda log_x: posterior.pack(
        (log_sample.exp(tf.nn.log_softmax(log_x, axis=-1), inner.dtype),)
      ),
    )
  if isinstance(inner, tfd.Gamma):
    log_rate = inner.log_rate
    log_rate = tf.math.log(inner.rate) if log_rate is None else log_rate
    log_rate = tf.cast(log_rate, tf.float64)
    concentration = tf.cast(inner.concentration, tf.float64)
    return Gammas(
      tf.broadcast_to(concentration, inner.batch_shape_tensor()),
      lambda log_x: posterior.pack(
        (log_sample.exp(log_x - log_rate, inner.dtype),)
      ),
    )
  raise ValueError(
    'RSVI and GREP are for Gamma and Dirichlet posteriors, and such in '
    f'tfd.Independent. Received: {posterior!r}'
  )
