"""What estimators share that draw K independent samples and score them."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tf_mco import types
from tf_mco.ops import checks
from tf_mco.posteriors import protocol
from tf_mco.posteriors import reparameterized


@dataclasses.dataclass(frozen=True)
class IndependentSamples:
  """K independent samples, their gradient stopped.

  Args:
    num_samples: K, at least `minimum`.
  """

  num_samples: int = 1

  minimum: ClassVar[int] = 1
  minimum_reason: ClassVar[str] = ''

  def __post_init__(self) -> None:
    checks.at_least(
      'num_samples', self.num_samples, self.minimum, self.minimum_reason
    )

  def evaluations(self, posterior: Any) -> int:
    """Returns the calls of log_joint per example and step, K for most."""
    return self.num_samples * protocol.evaluations_per_sample(posterior)

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    """Returns K independent samples, `[K, B, ...]` per stochastic layer."""
    del log_joint
    return types.Draw(
      protocol.sample_stopped(posterior, self.num_samples, seed=seed)
    )


@dataclasses.dataclass(frozen=True)
class ReparameterizedSamples(IndependentSamples):
  """K independent samples through which the posterior's gradient flows."""

  # Whether `surrogate` needs the density of q at other than its own samples,
  # or apart from their path.
  rescores: ClassVar[bool] = True

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    """Returns K samples, `[K, B, ...]` per layer, with their gradient.

    Raises:
      ValueError: if a layer of the posterior is not reparameterized, or it
        scores only its own samples and that does not suffice.
    """
    return reparameterized.draw(
      log_joint,
      posterior,
      self.num_samples,
      rescores=self.rescores,
      seed=seed,
    )
