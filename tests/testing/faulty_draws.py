"""More wrong versions: of chains, of pairs of paths, and of draws."""

from __future__ import annotations

from collections.abc import Callable
import itertools
from typing import Any, TypeAlias

import tensorflow as tf

from tf_mco import types
from tf_mco.estimators import antithetic_paths
from tf_mco.estimators import coupling
from tf_mco.ops import log_weights
from tf_mco.posteriors import protocol

Function: TypeAlias = Callable[..., Any]


def samples_not_swapped(original: Function) -> Function:
  calls = itertools.count()

  def swapped(
    log_w: tf.Tensor,
    log_w_tilde: tf.Tensor,
    b: tf.Tensor,
    b_tilde: tf.Tensor,
    logits: tf.Tensor,
  ) -> tf.Tensor:
    second = next(calls) % 2
    halves = (b_tilde, b) if second else (b, b_tilde)
    return original(log_w, log_w_tilde, *halves, logits)

  return swapped


def weights_not_swapped(original: Function) -> Function:
  calls = itertools.count()

  def swapped(
    log_w: tf.Tensor, log_w_tilde: tf.Tensor, *others: tf.Tensor
  ) -> tf.Tensor:
    second = next(calls) % 2
    weights = (log_w_tilde, log_w) if second else (log_w, log_w_tilde)
    return original(*weights, *others)

  return swapped


def all_replaced(original: Function) -> Function:
  del original

  def swapped(
    log_w: tf.Tensor, log_w_tilde: tf.Tensor, *others: tf.Tensor
  ) -> tf.Tensor:
    bounds = [
      tf.repeat(log_weights.log_mean_exp(x)[None], x.shape[0], 0)
      for x in (log_w, log_w_tilde)
    ]
    return coupling.disarm_gradient(*bounds, *others)

  return swapped


def first_half_only(original: Function) -> Function:
  def bound(self: Any, halves: list[tf.Tensor]) -> tf.Tensor:
    return original(self, [halves[0], tf.stop_gradient(halves[1])])

  return bound


def first_score_only(original: Function) -> Function:
  def log_probs(
    self: Any, samples: tuple[tf.Tensor, ...]
  ) -> tuple[tf.Tensor, ...]:
    first, *others = original(self, samples)
    return (first, *map(tf.stop_gradient, others))

  return log_probs


def first_layer_only(original: Function) -> Function:
  return lambda self, samples: original(self, samples)[:1]


def prefix_of_first_layer(original: Function) -> Function:
  def carry(
    posterior: Any, pairs: tuple[types.Pair, ...], gradient: Function
  ) -> tf.Tensor:
    chain = protocol.as_chain(posterior)
    total = tf.zeros([], tf.float64)
    for layer, pair in enumerate(pairs):
      wrong = pairs[0].path[:layer]
      logits = antithetic_paths.logits(chain.conditional(wrong))
      estimate = tf.stop_gradient(gradient(layer, pair, logits))
      total += tf.reduce_sum(estimate * logits, -1)
    return total

  del original
  return carry


def layers_reversed(original: Function) -> Function:
  return lambda *args: original(*args)[::-1]


def one_layer(original: Function) -> Function:
  del original
  return lambda self, posterior: 2 * self.num_pairs


def no_graft(original: Function) -> Function:
  del original
  return lambda value, carrier: carrier


def halves_exchanged(original: Function) -> Function:
  return lambda *args: original(*args)[::-1]


def equal_halves(original: Function) -> Function:
  return lambda *args: (original(*args)[0],) * 2


def not_shared(original: Function) -> Function:
  def pair(
    chain: Any, layer: int, num_pairs: int, shared: bool, seed: tf.Tensor
  ) -> types.Pair:
    return original(chain, layer, num_pairs, not shared, seed)

  return pair


def seed_ignored(original: Function) -> Function:
  return lambda posterior, num_samples, *, seed: original(
    posterior, num_samples, seed=0
  )


def one_example(original: Function) -> Function:
  def sample(posterior: Any, num_samples: int, *, seed: Any) -> tf.Tensor:
    samples = original(posterior, num_samples, seed=seed)
    return tf.repeat(samples[:, :1], samples.shape[1], 1)

  return sample


def one_sample(original: Function) -> Function:
  def sample(posterior: Any, num_samples: int, *, seed: Any) -> tf.Tensor:
    samples = original(posterior, num_samples, seed=seed)
    return tf.repeat(samples[:1], num_samples, 0)

  return sample
