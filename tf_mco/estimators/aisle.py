"""AISLE: adaptive importance sampling for learning."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import dreg
from tf_mco.estimators import independent_samples
from tf_mco.estimators import pathwise
from tf_mco.estimators import rws
from tf_mco.ops import checks
from tf_mco.ops import draw_checks

_NAMED = ('kl', 'chi2')


@dataclasses.dataclass(frozen=True)
class Aisle(independent_samples.IndependentSamples):
  """Adaptive importance sampling: q adapts to p(z | x), the model climbs L_K.

  The posterior descends a divergence between p(z | x) and q, estimated with
  self-normalized weights wt,

    'kl':   sum_k wt[k] d[k],
    alpha:  alpha (alpha - 1) sum_k (K wt[k])^(alpha - 1) wt[k] d[k],

  where d[k] is the derivative of log w[k] through the sample; without
  reparameterization, d[k] is the score of q and the factor is (alpha - 1).
  'kl' is KL(p(z | x) || q), which is STL if reparameterized, and RWS if not.
  'chi2' is alpha = 2, which is 2 K times DReG if reparameterized.

  Args:
    num_samples: K >= 1.
    divergence: 'kl', 'chi2' or a real alpha > 1.
    reparameterized: whether the gradient goes through the samples. Without
      reparameterization any posterior will do, discrete or not.
  Reference: Finke and Thiery (2019), arXiv:1907.10477.
  """

  num_samples: int = 5
  divergence: str | float = 'kl'
  reparameterized: bool = True

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.boolean('reparameterized', self.reparameterized)
    if isinstance(self.divergence, str):
      checks.one_of('divergence', self.divergence, _NAMED)
    elif not (_is_number(self.divergence) and 1 < self.divergence < math.inf):
      raise ValueError(
        "`divergence` must be 'kl', 'chi2' or a real alpha > 1 (at 1 its "
        'formulas vanish, and on (0, 1) they climb the divergence). '
        f'Received: divergence={self.divergence!r}'
      )

  @property
  def unbiased_for(self) -> str | None:
    """'elbo' for STL's factor with one sample, else None."""
    landing = self.divergence == 'kl' and self.reparameterized
    return 'elbo' if landing and self.num_samples == 1 else None

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns K samples, with their gradient if `reparameterized`."""
    if not self.reparameterized:
      return super().draw(log_joint, posterior, seed=seed)
    return independent_samples.reparameterized_draw(
      log_joint, posterior, self.num_samples, rescores=True, seed=seed
    )

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the K-sample bound."""
    draw_checks.samples(draw, self.num_samples)
    posterior = posteriors.as_posterior(posterior)
    if self.reparameterized:
      return pathwise.surrogate(log_joint, posterior, draw, self._path_factor)
    log_q = posterior.log_prob(draw.samples)
    log_p = checks.call_log_joint(log_joint, draw.samples, log_q)
    return rws.weighted_score_surrogate(log_p, log_q, self._coefficient)

  def _path_factor(self, weights: tf.Tensor) -> tf.Tensor:
    if self.divergence == 'kl':
      return dreg.Stl(self.num_samples).factor(weights)
    return self._alpha * self._relative_power(weights)

  def _coefficient(self, weights: tf.Tensor) -> tf.Tensor:
    if self.divergence == 'kl':
      return weights
    return weights * self._relative_power(weights)

  @property
  def _alpha(self) -> float:
    return 2.0 if self.divergence == 'chi2' else float(self.divergence)

  def _relative_power(self, weights: tf.Tensor) -> tf.Tensor:
    # (K wt)^(alpha - 1) is of the order of one where K^(alpha - 1) overflows.
    alpha = self._alpha
    return (alpha - 1) * (self.num_samples * weights) ** (alpha - 1)


def _is_number(value: Any) -> bool:
  return isinstance(value, (int, float)) and not isinstance(value, bool)
