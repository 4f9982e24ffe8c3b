"""RSVI and GREP: almost reparameterized Gamma variables, and a correction."""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import log_sample
from tf_mco.distributions import sampling
from tf_mco.distributions.numerics import gamma as gamma_numerics
from tf_mco.distributions.numerics import gamma_noise
from tf_mco.estimators import independent_samples
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


class Gammas(NamedTuple):
  """The Gamma variables, of rate 1, that a posterior is made of."""

  concentration: tf.Tensor  # `[B, ...]`, float64
  to_samples: Callable[[tf.Tensor], tf.Tensor]  # from log x, `[K, B, ...]`


@dataclasses.dataclass(frozen=True)
class Corrected(independent_samples.IndependentSamples, abc.ABC):
  """The path through a noise, and the score of the noise's own density.

  With z = h(e; phi) and e of density pi(e; phi), the gradient of E[f(z)] is
  E[f'(z) dh/dphi + f(z) grad log pi(e; phi)]. For Gamma and Dirichlet
  posteriors; what they are for is the comparison with implicit
  reparameterization, which needs no correction.
  """

  unbiased_for: ClassVar[str] = 'elbo'

  @abc.abstractmethod
  def noise(self, alpha: tf.Tensor, *, seed: types.Seed) -> Any:
    """Returns what `variable` is made from, without gradient."""

  @abc.abstractmethod
  def variable(self, noise: Any, alpha: tf.Tensor) -> gamma_noise.Variable:
    """Returns log x and the log-density of the noise, with their gradients."""

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    """Returns K samples; `extras` is their noise.

    Raises:
      ValueError: if the posterior is neither Gamma nor Dirichlet.
    """
    del log_joint
    gammas = _gammas(posterior)
    alpha = tf.stop_gradient(gammas.concentration)
    shape = [self.num_samples, *tf.unstack(tf.shape(alpha))]
    noise = tf.nest.map_structure(
      tf.stop_gradient, self.noise(tf.broadcast_to(alpha, shape), seed=seed)
    )
    samples = gammas.to_samples(self.variable(noise, alpha).log_x)
    return types.Draw(log_sample.stop_gradient(samples), extras=noise)

  def mean_surrogate(
    self, integrand: score_function.Integrand, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[integrand(z)].

    Args:
      integrand: maps samples to `[K, B]`, differentiable in them.
      posterior: gradients reach its parameters through samples and noise.
      draw: of this estimator and posterior.
    """
    gammas = _gammas(posterior)
    found = self.variable(draw.extras, gammas.concentration)
    samples = gammas.to_samples(found.log_x)
    log_pi = gradients.sum_event(found.log_pi, sample_rank=2)
    like = tf.stop_gradient(protocol.log_prob(posterior, samples))
    values = checks.call_log_joint(integrand, samples, like)
    value = tf.reduce_mean(values, axis=0)
    # Serves the posterior: the noise's score multiplies a constant signal.
    signal = tf.cast(tf.stop_gradient(values), log_pi.dtype)
    correction = tf.cast(tf.reduce_mean(signal * log_pi, axis=0), value.dtype)
    return types.Surrogate(
      loss=gradients.with_gradient_of(-value, -(value + correction)),
      bound=tf.stop_gradient(value),
      log_weights=tf.stop_gradient(values),
    )

  def surrogate(
    self, log_joint: types.LogJoint, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """Returns the surrogate of E_q[log p(x, z) - log q(z | x)]."""

    def integrand(samples: types.Samples) -> tf.Tensor:
      log_q = protocol.log_prob(posterior, samples)
      return checks.call_log_joint(log_joint, samples, log_q) - log_q

    return self.mean_surrogate(integrand, posterior, draw)


@dataclasses.dataclass(frozen=True)
class Rsvi(Corrected):
  """Rejection sampling variational inference: the accepted normal proposal.

  Args:
    num_samples: K >= 1, averaged.
    augmentation: B >= 0, by how much the shape of the Gamma variables that are
      drawn by rejection exceeds alpha; 0 needs alpha > 1/3 everywhere.
  Reference: Naesseth, Ruiz, Linderman and Blei (2017), arXiv:1610.05683.
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

  def variable(self, noise: Any, alpha: tf.Tensor) -> gamma_noise.Variable:
    """See `Corrected`."""
    normal, log_uniform = noise
    found = gamma_noise.from_rejection_noise(normal, alpha + self.augmentation)
    shift = gamma_noise.log_augmentation(log_uniform, alpha, self.augmentation)
    return found._replace(log_x=found.log_x + shift)


@dataclasses.dataclass(frozen=True)
class Grep(Corrected):
  """Generalized reparameterization: log x, standardized.

  Args:
    num_samples: K >= 1, averaged.
  Reference: Ruiz, Titsias and Blei (2016), arXiv:1610.02287.
  """

  def noise(self, alpha: tf.Tensor, *, seed: types.Seed) -> tf.Tensor:
    """Returns standardized logarithms."""
    log_x = gamma_numerics.log_sample(alpha, seed=seed)
    return gamma_noise.standard_noise(log_x, alpha)

  def variable(self, noise: Any, alpha: tf.Tensor) -> gamma_noise.Variable:
    """See `Corrected`."""
    return gamma_noise.from_standard_noise(noise, alpha)


def _gammas(posterior: Any) -> Gammas:
  """Returns the Gamma variables of a posterior."""
  inner = sampling.unwrap(posterior)
  dtype = getattr(inner, 'dtype', None)
  if isinstance(inner, tfd.Dirichlet):
    return Gammas(
      tf.cast(inner.concentration, tf.float64),
      lambda log_x: log_sample.exp(tf.nn.log_softmax(log_x, axis=-1), dtype),
    )
  if isinstance(inner, tfd.Gamma):
    log_rate = inner.log_rate
    log_rate = tf.math.log(inner.rate) if log_rate is None else log_rate
    log_rate = tf.cast(log_rate, tf.float64)
    concentration = tf.cast(inner.concentration, tf.float64)
    return Gammas(
      tf.broadcast_to(concentration, inner.batch_shape_tensor()),
      lambda log_x: log_sample.exp(log_x - log_rate, dtype),
    )
  raise ValueError(
    'RSVI and GREP are for Gamma and Dirichlet posteriors, and such in '
    f'tfd.Independent. Received: {posterior!r}'
  )
