"""What estimators share that evaluate antithetic pairs of binary paths."""

from __future__ import annotations

import abc
from collections.abc import Callable
import dataclasses
from typing import Any

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


@dataclasses.dataclass(frozen=True)
class AntitheticPairs:
  """P pairs of paths for each stochastic layer, antithetic at that layer.

  Args:
    num_pairs: P >= 1.
    shared_randomness: whether the two paths of a pair use the same uniform
      numbers in the layers above the antithetic one.
  """

  num_pairs: int = 1
  shared_randomness: bool = False

  def __post_init__(self) -> None:
    checks.at_least('num_pairs', self.num_pairs, 1)
    checks.boolean('shared_randomness', self.shared_randomness)

  def evaluations(self, posterior: Any) -> int:
    """Returns 2 per pair and layer, the calls of log_joint per example."""
    return 2 * self.num_pairs * protocol.num_layers(posterior)

  def draw(
    self, log_joint: types.LogJoint, posterior: Any, *, seed: types.Seed
  ) -> types.Draw:
    """Returns the pairs; `samples` are those of the first layer's pairs."""
    del log_joint
    pairs = antithetic_paths.antithetic_pairs(
      protocol.as_chain(posterior),
      self.num_pairs,
      shared_randomness=self.shared_randomness,
      seed=seed,
    )
    return types.Draw(
      protocol.pack(posterior, self.reported_path(pairs[0])), pairs
    )

  @abc.abstractmethod
  def reported_path(self, pair: types.Pair) -> tuple[tf.Tensor, ...]:
    """Returns the path whose log-weights the bound is made of."""


def both_halves(pair: types.Pair) -> tuple[tf.Tensor, ...]:
  """Returns the pair as one stacked path, `[2 P, B, ...]` per layer."""
  return tuple(
    tf.concat(halves, 0)
    for halves in zip(pair.path, pair.antithetic, strict=True)
  )


def stack(posterior: Any, pairs: tuple[types.Pair, ...]) -> types.Samples:
  """Returns all paths as one batch of samples, `[L * 2 * P, B, ...]`.

  One call of log_joint on it serves every pair and the model's gradient.
  """
  layers = zip(*(both_halves(pair) for pair in pairs), strict=True)
  path = tuple(tf.concat(halves, 0) for halves in layers)
  return protocol.pack(posterior, path)


def unstack(values: tf.Tensor, num_layers: int) -> list[list[tf.Tensor]]:
  """Returns `[layer][half]`, each `[P, B]`, from `[L * 2 * P, B]`."""
  halves = tf.split(values, 2 * num_layers)
  return [halves[i : i + 2] for i in range(0, 2 * num_layers, 2)]


def carry(
  posterior: Any,
  pairs: tuple[types.Pair, ...],
  gradient: Callable[[int, types.Pair, tf.Tensor], tf.Tensor],
) -> tf.Tensor:
  """Returns `[P, B]`, whose gradient in the logits is `gradient`.

  Args:
    posterior: gradients flow to the logits of each layer.
    pairs: one per layer.
    gradient: maps layer, pair and logits to the estimate `[P, B, D]`.
  """
  chain = protocol.as_chain(posterior)
  terms = []
  for layer, pair in enumerate(pairs):
    logits = antithetic_paths.logits(chain.conditional(pair.path[:layer]))
    estimate = tf.stop_gradient(gradient(layer, pair, logits))
    terms.append(gradients.sum_event(estimate * logits, sample_rank=2))
  return tf.add_n(terms)


class AntitheticMean(AntitheticPairs, score_function.ScoreMean):
  """Estimates the gradient of a mean from differences within pairs."""

  @property
  def num_samples(self) -> int:
    """The samples averaged in the reported bound, two per pair."""
    return 2 * self.num_pairs

  def reported_path(self, pair: types.Pair) -> tuple[tf.Tensor, ...]:
    """Returns both halves."""
    return both_halves(pair)

  @abc.abstractmethod
  def logit_gradient(
    self,
    f: tf.Tensor,
    f_tilde: tf.Tensor,
    b: tf.Tensor,
    b_tilde: tf.Tensor,
    uniform: tf.Tensor,
    logits: tf.Tensor,
  ) -> tf.Tensor:
    """Returns `[P, B, D]` from `[P, B]` values and one layer of a pair."""

  def mean_surrogate(
    self, integrand: score_function.Integrand, posterior: Any, draw: types.Draw
  ) -> types.Surrogate:
    """See `ScoreMean`. The model's gradient averages all evaluations."""
    samples = stack(posterior, draw.pairs)
    log_q = tf.stop_gradient(protocol.log_prob(posterior, samples))
    values = checks.call_log_joint(integrand, samples, log_q)
    stopped = tf.stop_gradient(values)
    by_layer = unstack(stopped, len(draw.pairs))

    def gradient(layer: int, pair: types.Pair, logits: tf.Tensor) -> tf.Tensor:
      f, f_tilde = by_layer[layer]
      b, b_tilde = pair.path[layer], pair.antithetic[layer]
      return self.logit_gradient(f, f_tilde, b, b_tilde, pair.uniform, logits)

    estimate = tf.reduce_mean(carry(posterior, draw.pairs, gradient), axis=0)
    reported = stopped[: self.num_samples]
    bound = tf.reduce_mean(reported, axis=0)
    return types.Surrogate(
      loss=gradients.with_gradient_of(
        -bound, -(tf.reduce_mean(values, axis=0) + estimate)
      ),
      bound=bound,
      log_weights=reported,
    )
