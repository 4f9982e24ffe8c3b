"""Pairs of binary paths, antithetic at one layer: how they are drawn and used.

For each stochastic layer of a posterior there are P pairs of paths. The two
paths of a pair share the layers below that layer, are antithetic at the layer,
and continue on their own above. ARM, DisARM and local DisARM estimate the
gradient in the logits of a layer from the differences within its pairs.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
import dataclasses

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import bernoulli
from tf_mco.distributions import sampling
from tf_mco.estimators import coupling
from tf_mco.estimators import score_function
from tf_mco.ops import checks
from tf_mco.ops import draw_checks
from tf_mco.ops import gradients


def logits(distribution: tfd.Distribution) -> tf.Tensor:
  """Returns the logits of factorized Bernoulli variables, `[..., D]`.

  Raises:
    ValueError: for any other distribution, because an antithetic pair of binary
      variables would not estimate its gradient.
  """
  inner = sampling.unwrap(distribution)
  if not isinstance(inner, tfd.Bernoulli):
    raise ValueError(
      'ARM, DisARM and local DisARM need Bernoulli variables at every '
      'stochastic layer: tfd.Independent(tfd.Bernoulli(logits=...), 1). '
      f'Received: {distribution!r}'
    )
  return bernoulli.logits_of(inner)


def draw_pairs(
  posterior: posteriors.Posterior,
  num_pairs: int,
  *,
  shared_randomness: bool,
  seed: types.Seed,
) -> tuple[types.Pair, ...]:
  """Returns, for each layer, P pairs of paths antithetic at that layer.

  The two paths of a pair share the layers below. Above, the paths continue on
  their own, or with the same uniform numbers if `shared_randomness`.

  Raises:
    ValueError: if a layer is not Bernoulli.
  """
  seeds = random.split(seed, posterior.num_layers)
  return tuple(
    _draw_pair(posterior, layer, num_pairs, shared_randomness, layer_seed)
    for layer, layer_seed in enumerate(seeds)
  )


def _draw_pair(
  posterior: posteriors.Posterior,
  layer: int,
  num_pairs: int,
  shared_randomness: bool,
  seed: tf.Tensor,
) -> types.Pair:
  prefix_seed, uniform_seed, seed_b, seed_tilde = random.split(seed, 4)
  prefix = posterior.sample_path(num_pairs, num_layers=layer, seed=prefix_seed)
  layer_logits = logits(posterior.conditional(prefix))
  # The first layer's logits are `[B, D]`, the others have the axis of pairs.
  sample_shape = [num_pairs] if layer == 0 else []
  words = random.words_like(layer_logits, sample_shape, seed=uniform_seed)
  b, b_tilde = coupling.antithetic_bernoulli(layer_logits, words)
  if shared_randomness:
    seed_tilde = seed_b
  return types.Pair(
    path=posterior.extend(prefix + (b,), seed=seed_b),
    antithetic=posterior.extend(prefix + (b_tilde,), seed=seed_tilde),
    uniform=coupling.uniform_of(words, layer_logits.dtype),
  )


def both_halves(pair: types.Pair) -> types.Path:
  """Returns the pair as one stacked path, `[2 P, B, ...]` per layer."""
  return tuple(
    tf.concat(halves, 0)
    for halves in zip(pair.path, pair.antithetic, strict=True)
  )


def stack(
  posterior: posteriors.Posterior, paths: Sequence[types.Path]
) -> types.Samples:
  """Returns paths of P samples as one batch of samples, `[n * P, B, ...]`.

  One call of log_joint on this batch serves every path, and the gradient of
  the model as well.
  """
  layers = zip(*paths, strict=True)
  return posterior.pack(tuple(tf.concat(parts, 0) for parts in layers))


def carry(
  posterior: posteriors.Posterior,
  pairs: tuple[types.Pair, ...],
  gradient: Callable[[int, types.Pair, tf.Tensor], tf.Tensor],
) -> tf.Tensor:
  """Returns `[P, B]`, whose gradient in the logits is `gradient`.

  Args:
    posterior: gradients flow to the logits of each layer.
    pairs: one per layer.
    gradient: maps layer, pair and logits to the estimate `[P, B, D]`.
  """
  terms = []
  for layer, pair in enumerate(pairs):
    layer_logits = logits(posterior.conditional(pair.path[:layer]))
    estimate = tf.stop_gradient(gradient(layer, pair, layer_logits))
    terms.append(gradients.sum_event(estimate * layer_logits, sample_rank=2))
  return tf.add_n(terms)


@dataclasses.dataclass(frozen=True)
class AntitheticPairs(abc.ABC):
  """An estimator that draws P antithetic pairs for each stochastic layer.

  Args:
    num_pairs: P >= 1.
    shared_randomness: whether the two paths of a pair use the same uniform
      numbers in the layers above the antithetic one.
  """

  num_pairs: int = 1
  shared_randomness: bool = False

  def __post_init__(self) -> None:
    checks.plain_options(self)
    checks.at_least('num_pairs', self.num_pairs, 1)
    checks.boolean('shared_randomness', self.shared_randomness)

  def evaluations(self, posterior: posteriors.PosteriorLike) -> int:
    """Returns 2 per pair and layer, the calls of log_joint per example."""
    posterior = posteriors.as_posterior(posterior)
    posterior.require_rescoring()
    return 2 * self.num_pairs * posterior.num_layers

  def draw(
    self,
    log_joint: types.LogJoint,
    posterior: posteriors.PosteriorLike,
    *,
    seed: types.Seed,
  ) -> types.Draw:
    """Returns the pairs. `samples` belong to the pairs of the first layer."""
    del log_joint
    posterior = posteriors.as_posterior(posterior)
    pairs = draw_pairs(
      posterior,
      self.num_pairs,
      shared_randomness=self.shared_randomness,
      seed=seed,
    )
    return types.Draw(posterior.pack(self.reported_path(pairs[0])), pairs)

  @abc.abstractmethod
  def reported_path(self, pair: types.Pair) -> types.Path:
    """Returns the path whose log-weights the bound is made of."""


class AntitheticMean(AntitheticPairs, score_function.ScoreFunctionMean):
  """An estimator of a mean from the differences within pairs."""

  @property
  def num_samples(self) -> int:
    """The samples averaged in the reported bound, two per pair."""
    return 2 * self.num_pairs

  def reported_path(self, pair: types.Pair) -> types.Path:
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
    self,
    integrand: types.Integrand,
    posterior: posteriors.PosteriorLike,
    draw: types.Draw,
  ) -> types.MeanSurrogate:
    """See `MeanEstimator`. The model's gradient averages all evaluations."""
    posterior = posteriors.as_posterior(posterior)
    draw_checks.pairs(draw, self.num_pairs, posterior.num_layers)
    halves = [h for pair in draw.pairs for h in (pair.path, pair.antithetic)]
    samples = stack(posterior, halves)
    log_q = tf.stop_gradient(posterior.log_prob(samples))
    values = checks.call_log_joint(integrand, samples, log_q)
    stopped = tf.stop_gradient(values)
    by_half = tf.split(stopped, len(halves))

    def gradient(layer: int, pair: types.Pair, logits: tf.Tensor) -> tf.Tensor:
      f, f_tilde = by_half[2 * layer], by_half[2 * layer + 1]
      b, b_tilde = pair.path[layer], pair.antithetic[layer]
      return self.logit_gradient(f, f_tilde, b, b_tilde, pair.uniform, logits)

    estimate = tf.reduce_mean(carry(posterior, draw.pairs, gradient), axis=0)
    reported = stopped[: self.num_samples]
    mean = tf.reduce_mean(reported, axis=0)
    carrier = tf.reduce_mean(values, axis=0) + estimate
    return types.MeanSurrogate(
      loss=gradients.with_estimate_of(-mean, -carrier),
      mean=mean,
      values=reported,
    )
