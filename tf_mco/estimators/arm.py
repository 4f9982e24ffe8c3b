"""ARM: augment, REINFORCE, merge."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import coupling


@dataclasses.dataclass(frozen=True)
class Arm(antithetic_paths.AntitheticMean):
  """ARM, for Bernoulli variables.

  With u uniform, b = 1[u > 1 - sigmoid(logits)] and
  b~ = 1[u < sigmoid(logits)], the estimate of the gradient of E[f(b)] in the
  logits is

    (f(b) - f(b~)) (u - 1/2).

  Warning: DisARM has less variance at equal cost. ARM is here for comparison.

  Args:
    num_pairs: P >= 1, the number of antithetic pairs averaged.
    shared_randomness: with several stochastic layers, whether the two paths
      of a pair use the same uniform numbers above the antithetic layer.
  Reference: Yin and Zhou (2019), arXiv:1807.11143.
  """

  unbiased_for: ClassVar[str] = 'elbo'

  def logit_gradient(
    self,
    f: tf.Tensor,
    f_tilde: tf.Tensor,
    b: tf.Tensor,
    b_tilde: tf.Tensor,
    uniform: tf.Tensor,
    logits: tf.Tensor,
  ) -> tf.Tensor:
    """See `coupling.arm_gradient`."""
    del b, b_tilde, logits
    return coupling.arm_gradient(f, f_tilde, uniform)
