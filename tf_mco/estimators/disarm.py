"""DisARM: antithetic pairs, the uniform numbers integrated out."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import coupling


@dataclasses.dataclass(frozen=True)
class Disarm(antithetic_paths.AntitheticMean):
  """DisARM (also known as U2G), for Bernoulli variables.

  For an antithetic pair (b, b~) the estimate of the gradient of E[f(b)] in the
  logits is ARM's with the uniform numbers integrated out,

    1/2 (f(b) - f(b~)) (-1)^b~ 1[b != b~] sigmoid(|logits|).

  Use this estimator to train on the ELBO with binary variables. The integrand
  may be a black box. For the K-sample bound, use `local_disarm` or `vimco`.

  Args:
    num_pairs: P >= 1, the number of antithetic pairs averaged.
    shared_randomness: with several stochastic layers, whether the two paths
      of a pair use the same uniform numbers above the antithetic layer.
  Reference: Dong, Mnih and Tucker (2020), arXiv:2006.10680.
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
    """See `coupling.disarm_gradient`."""
    del uniform
    return coupling.disarm_gradient(f, f_tilde, b, b_tilde, logits)
