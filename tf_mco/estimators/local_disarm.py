"""Local DisARM: an antithetic pair for each sample of a K-sample bound."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import types
from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import coupling
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients
from tf_mco.ops import log_weights as log_weights_lib


@dataclasses.dataclass(frozen=True)
class LocalDisarm(antithetic_paths.AntitheticPairs):
  """The multi-sample DisARM, for Bernoulli variables.

  There is one antithetic pair for each sample of the bound. With log S the
  logarithm of the sum of all weights, and log S~[k] that with the k-th weight
  replaced by the weight of its antithetic sample, the gradient in the logits is

    sum_k DisARM(log S, log S~[k]; b[k], b~[k]) - sum_k wt[k] grad log q(b[k]).

  Use this estimator to train on the K-sample bound with binary variables, at
  2 K evaluations.

  Args:
    num_pairs: K >= 1.
    shared_randomness: with several stochastic layers, whether the two paths
      of a pair use the same uniform numbers above the antithetic layer.
    symmetrized: whether the estimate is averaged with the estimate in which the
      two halves of every pair change roles. The bound is then the mean of both
      halves' bounds; `log_weights` are those of the first half.
  Reference: Dong, Mnih and Tucker (2020), section on multi-sample bounds,
    arXiv:2006.10680.
  """

  symmetrized: bool = False

  unbiased_for: ClassVar[str] = 'iwae'

  def __post_init__(self) -> None:
    super().__post_init__()
    checks.boolean('symmetrized', self.symmetrized)

  @property
  def num_samples(self) -> int:
    """K of the bound, one sample per pair."""
    return self.num_pairs

  def reported_path(self, pair: types.Pair) -> types.Path:
    """Returns the first half."""
    return pair.path

  def surrogate(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.Surrogate:
    """Returns the surrogate of the K-sample bound."""
    posterior = posteriors.as_posterior(posterior)
    draw_checks.pairs(draw, self.num_pairs, posterior.num_layers)
    num_layers = len(draw.pairs)
    firsts = [pair.path for pair in draw.pairs]
    others = [pair.antithetic for pair in draw.pairs]

    def log_weights(paths: list[types.Path]) -> list[tf.Tensor]:
      samples = antithetic_paths.stack(posterior, paths)
      # Attached to log_q: -sum_k wt_k s_k is part of the posterior's gradient.
      log_q = posterior.log_prob(samples)
      log_w = checks.call_log_joint(log_joint, samples, log_q) - log_q
      return tf.split(log_w, len(paths))

    if self.symmetrized:
      log_w = log_weights([*firsts, *others])
      first, other = log_w[:num_layers], log_w[num_layers:]
    else:
      # The values alone of the other halves count, so that a call of its own
      # saves their share of the backward pass.
      first = log_weights(firsts)
      other = [tf.stop_gradient(one) for one in log_weights(others)]
    by_layer = list(zip(first, other, strict=True))
    stopped = [tuple(map(tf.stop_gradient, halves)) for halves in by_layer]

    def gradient(layer: int, pair: types.Pair, logits: tf.Tensor) -> tf.Tensor:
      b, b_tilde = pair.path[layer], pair.antithetic[layer]
      half, other = stopped[layer]
      estimate = _swapped(half, other, b, b_tilde, logits)
      if self.symmetrized:
        swapped = _swapped(other, half, b_tilde, b, logits)
        estimate = (estimate + swapped) / 2
      return estimate

    # A sum over pairs: pair k replaces the k-th sample of the bound only.
    estimate = tf.reduce_sum(
      antithetic_paths.carry(posterior, draw.pairs, gradient), axis=0
    )
    bounds = [self._bound(halves) for halves in by_layer]
    bound = tf.stop_gradient(bounds[0])
    carrier = tf.add_n(bounds) / len(bounds) + estimate
    return types.Surrogate(
      loss=gradients.with_estimate_of(-bound, -carrier),
      bound=bound,
      log_weights=stopped[0][0],
    )

  def _bound(self, halves: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    bound = log_weights_lib.log_mean_exp(halves[0])
    if self.symmetrized:
      bound = (bound + log_weights_lib.log_mean_exp(halves[1])) / 2
    return bound


def _swapped(
  log_w: tf.Tensor,
  log_w_tilde: tf.Tensor,
  b: tf.Tensor,
  b_tilde: tf.Tensor,
  logits: tf.Tensor,
) -> tf.Tensor:
  """Returns DisARM's gradient from replacing each sample by its antithesis.

  Args:
    log_w: `[K, B]` of the samples b; log_w_tilde: `[K, B]` of b_tilde.
    b: `[K, B, D]`; b_tilde: `[K, B, D]`; logits: `[B, D]` or `[K, B, D]`.
  """
  log_sum = tf.reduce_logsumexp(log_w, axis=0, keepdims=True)
  others = log_weights_lib.leave_one_out_logsumexp(log_w)
  replaced = log_weights_lib.log_add_exp(others, log_w_tilde)
  return coupling.disarm_gradient(log_sum, replaced, b, b_tilde, logits)
