"""IWAE: the K-sample bound of reparameterized samples, and its relatives."""

from __future__ import annotations

import abc
import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import independent_samples
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import log_weights as log_weights_lib
from tf_mco.ops import lost_paths


def iwae_loss(log_p: tf.Tensor, log_q: tf.Tensor) -> tf.Tensor:
  """Returns the negative K-sample bound, with its own gradient.

  Args:
    log_p: `[K, B]` log p(x, z[k]) in nats, differentiable in the model and in
      reparameterized samples.
    log_q: `[K, B]` log q(z[k] | x), differentiable in the posterior and in
      the samples.
  Returns:
    `[B]`, equal to `-log(mean_k(exp(log_p[k] - log_q[k])))`; not reduced over
    `B`.
  Raises:
    ValueError: if the shapes are not the same `[K, B]`.

  #### Example

  >>> log_p = tf.math.log([[0.5], [0.25]])
  >>> log_q = tf.math.log([[0.5], [0.5]])
  >>> print(round(float(tf.exp(-iwae_loss(log_p, log_q))[0]), 4))
  0.75

  Reference: Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519.
  """
  log_p, log_q = checks.log_weights(log_p, log_q)
  return -log_weights_lib.log_mean_exp(log_p - log_q)


@dataclasses.dataclass(frozen=True)
class AttachedBound(independent_samples.ReparameterizedSamples, abc.ABC):
  """A function of the log-weights, differentiated as it stands."""

  rescores: ClassVar[bool] = False

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of `bound`.

    Raises:
      ValueError: if log_joint has no gradient in the samples of a layer.
    """
    draw_checks.samples(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    log_w = posterior.log_weights(lost_paths.differentiable(log_joint), draw)
    bound = self.bound(log_w)
    return types.Surrogate(
      loss=-bound,
      bound=tf.stop_gradient(bound),
      log_weights=tf.stop_gradient(log_w),
    )

  @abc.abstractmethod
  def bound(self, log_w: tf.Tensor) -> tf.Tensor:
    """Returns `[B]` from log-weights `[K, B]`."""


@dataclasses.dataclass(frozen=True)
class Iwae(AttachedBound):
  """The importance-weighted bound, reparameterized.

    L_K = E[log 1/K sum_k p(x, z[k]) / q(z[k] | x)]

  The bound rises to log p(x) with K. Warning: the signal-to-noise ratio of the
  posterior's gradient falls as K grows; `dreg` and `stl` do not have this
  fault.

  Args:
    num_samples: K >= 1. With one sample the bound is the ELBO.
  Reference: Burda, Grosse and Salakhutdinov (2016), arXiv:1509.00519.
  """

  num_samples: int = 5

  unbiased_for: ClassVar[str] = 'iwae'

  def bound(self, log_w: tf.Tensor) -> tf.Tensor:
    """Returns log(mean_k(w[k]))."""
    return log_weights_lib.log_mean_exp(log_w)


@dataclasses.dataclass(frozen=True)
class Ciwae(AttachedBound):
  """A convex combination of the ELBO and the K-sample bound.

    beta mean_k(log w[k]) + (1 - beta) log(mean_k(w[k]))

  Args:
    num_samples: K >= 1.
    beta: the weight of the ELBO, in [0, 1]. The end 0 is `iwae`, and the end 1
      is the ELBO, which any beta gives at K = 1.
  Reference: Rainforth et al. (2018), arXiv:1802.04537.
  """

  num_samples: int = 5
  beta: float = 0.5

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.in_interval('beta', self.beta, 0, 1)

  @property
  def unbiased_for(self) -> str | None:
    """'iwae' at beta 0, 'elbo' at beta 1 and at K = 1, else None."""
    if self.beta == 0:
      return 'iwae'
    return 'elbo' if self.beta == 1 or self.num_samples == 1 else None

  def bound(self, log_w: tf.Tensor) -> tf.Tensor:
    """Returns beta mean_k(log w[k]) + (1 - beta) log(mean_k(w[k]))."""
    elbo = tf.reduce_mean(log_w, axis=0)
    iwae = log_weights_lib.log_mean_exp(log_w)
    return self.beta * elbo + (1 - self.beta) * iwae


@dataclasses.dataclass(frozen=True)
class Renyi(AttachedBound):
  """The variational Renyi bound of order alpha in [0, 1), by K samples.

    log(mean_k(w[k]^(1 - alpha))) / (1 - alpha)

  Args:
    num_samples: K >= 1.
    alpha: 0 gives the K-sample bound. Towards 1 the bound falls to the ELBO,
      which any alpha gives at K = 1.
  Reference: Li and Turner (2016), arXiv:1602.02311.
  """

  num_samples: int = 5
  alpha: float = 0.5

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.in_interval('alpha', self.alpha, 0, 1, open_above=True)

  @property
  def unbiased_for(self) -> str | None:
    """'iwae' at alpha 0, 'elbo' at K = 1, else None."""
    if self.alpha == 0:
      return 'iwae'
    return 'elbo' if self.num_samples == 1 else None

  def bound(self, log_w: tf.Tensor) -> tf.Tensor:
    """Returns log(mean_k(w[k]^(1 - alpha))) / (1 - alpha)."""
    power = 1 - self.alpha
    return log_weights_lib.log_mean_exp(power * log_w) / power
