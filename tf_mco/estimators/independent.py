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
    """Returns K, the calls of log_joint per example and step."""
    del posterior
    return self.num_samples

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

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    """Returns K samples, `[K, B, ...]` per layer, with their gradient.

    Raises:
      ValueError: if a layer of the posterior is not reparameterized.
    """
    del log_joint
    return types.Draw(
      reparameterized.sample(posterior, self.num_samples, seed=seed)
    )
