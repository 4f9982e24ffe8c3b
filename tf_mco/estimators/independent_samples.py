"""The base classes of estimators that draw K independent samples."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tf_mco import posteriors
from tf_mco import types
from tf_mco.ops import checks
from tf_mco.ops import lost_paths


@dataclasses.dataclass(frozen=True)
class IndependentSamples:
  """An estimator of K independent samples, whose gradient is stopped.

  Args:
    num_samples: K, at least `minimum`.
  """

  num_samples: int = 1

  minimum: ClassVar[int] = 1
  minimum_reason: ClassVar[str] = ''

  def __post_init__(self) -> None:
    checks.plain_options(self)
    checks.at_least(
      'num_samples', self.num_samples, self.minimum, self.minimum_reason
    )

  def evaluations(self, posterior: posteriors.PosteriorLike) -> int:
    """Returns the calls of log_joint per example and step, K for most."""
    posterior = posteriors.as_posterior(posterior)
    return self.num_samples * posterior.evaluations_per_sample

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns K independent samples, `[K, B, ...]` per stochastic layer."""
    del log_joint
    posterior = posteriors.as_posterior(posterior)
    return types.Draw(posterior.sample_stopped(self.num_samples, seed=seed))


@dataclasses.dataclass(frozen=True)
class ReparameterizedSamples(IndependentSamples):
  """An estimator of K samples through which the posterior's gradient flows."""

  # Whether `surrogate` needs the density of q at other samples than the
  # posterior's own, or the density apart from the path of the samples.
  rescores: ClassVar[bool] = True

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns K samples, `[K, B, ...]` per layer, with their gradient.

    Raises:
      ValueError: if a layer of the posterior is not reparameterized, or if the
        posterior scores only its own samples and the estimator must score
        others.
    """
    return reparameterized_draw(
      log_joint,
      posterior,
      self.num_samples,
      rescores=self.rescores,
      seed=seed,
    )


def reparameterized_draw(
  log_joint: types.LogJoint,
  posterior: posteriors.PosteriorLike,
  num_samples: int,
  *,
  rescores: bool,
  seed: types.Seed,
) -> types.Draw:
  """Returns a draw with its gradient, of any posterior that allows it.

  Args:
    log_joint: the function that a posterior follows which scores its own
      samples.
    posterior: any posterior.
    num_samples: K.
    rescores: whether the estimator needs the density of q at given samples, or
      apart from the path of the samples.
    seed: an integer or an int32 `[2]` tensor.
  Raises:
    ValueError: if a layer is not reparameterized; if the posterior scores only
      its own samples and the estimator must score others; and if such a
      posterior evaluates a log_joint without a gradient in the samples.
  """
  posterior = posteriors.as_posterior(posterior)
  if rescores:
    posterior.require_rescoring()
  draw = posterior.sample_and_score(
    lost_paths.differentiable(log_joint), num_samples, seed=seed
  )
  posterior.require_reparameterized(draw.samples)
  posterior.require_periodic(log_joint, draw.samples)
  return draw
