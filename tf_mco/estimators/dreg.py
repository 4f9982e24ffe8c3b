"""STL, DReG and RWS-DReG: three factors on one path gradient."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco.estimators import pathwise


@dataclasses.dataclass(frozen=True)
class Dreg(pathwise.Pathwise):
  """Doubly reparameterized gradients: the posterior's weights are squared.

    sum_k wt[k]^2 (d log w[k] / d z[k]) (d z[k] / d phi)

  The estimate is unbiased for the K-sample bound, and zero at the exact
  posterior. Model and prior keep the plain weights wt. Use this estimator in
  place of `iwae` where K is large.

  Args:
    num_samples: K >= 1.
  Reference: Tucker et al. (2019), arXiv:1810.04152.
  """

  unbiased_for: ClassVar[str] = 'iwae'

  def factor(self, weights: tf.Tensor) -> tf.Tensor:
    """Returns wt, so that a path has the coefficient wt^2."""
    return weights


@dataclasses.dataclass(frozen=True)
class RwsDreg(pathwise.Pathwise):
  """The wake-phi update of RWS, doubly reparameterized.

    sum_k (wt[k] - wt[k]^2) (d log w[k] / d z[k]) (d z[k] / d phi)

  The estimate descends KL(p(z | x) || q). Warning: at K = 1 the estimate is 0.

  Args:
    num_samples: K >= 1.
  Reference: Tucker et al. (2019), arXiv:1810.04152.
  """

  unbiased_for: ClassVar[None] = None

  def factor(self, weights: tf.Tensor) -> tf.Tensor:
    """Returns 1 - wt, so that a path has the coefficient wt - wt^2."""
    return 1 - weights


@dataclasses.dataclass(frozen=True)
class Stl(pathwise.Pathwise):
  """Sticking the landing: IWAE without the score term; AISLE's KL.

    sum_k wt[k] (d log w[k] / d z[k]) (d z[k] / d phi)

  The estimate is unbiased for the ELBO at K = 1, and zero at the exact
  posterior. Warning: for K > 1 its expectation is the gradient of no bound,
  because the estimate descends KL(p(z | x) || q).

  Args:
    num_samples: K >= 1.
  Reference: Roeder, Wu and Duvenaud (2017), arXiv:1703.09194.
  """

  @property
  def unbiased_for(self) -> str | None:
    """'elbo' at K = 1, else None."""
    return 'elbo' if self.num_samples == 1 else None

  def factor(self, weights: tf.Tensor) -> tf.Tensor:
    """Returns 1, so that a path has the coefficient wt."""
    return tf.ones_like(weights)
