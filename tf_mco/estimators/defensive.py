"""A defensive mixture of a posterior and a broad distribution."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.ops import gradients
from tf_mco.posteriors import protocol


def sample(
  posterior: Any, samples: types.Samples, fraction: float, *, seed: types.Seed
) -> types.Samples:
  """Returns samples of which each is replaced with probability `fraction`.

  Args:
    posterior: a distribution or a Chain of Bernoulli and Normal variables.
    samples: of the posterior, `[K, B, ...]` per layer; whole paths are
      replaced.
    fraction: of the broad distribution.
    seed: of the choice and of the replacements, apart from the samples'.
  Raises:
    ValueError: if a layer has no broad counterpart.
  """
  seeds = random.split(random.fold_in(seed, random.Salt.DEFENSIVE), 2)
  path = samples if isinstance(samples, tuple) else (samples,)
  layers = protocol.as_chain(posterior)
  likes = protocol.log_prob(posterior, samples)
  chosen = random.uniform_like(likes, [], seed=seeds[0]) < fraction
  replaced = []
  for layer, z in enumerate(path):
    broad = _broad(layers.conditional(path[:layer]), z)
    other = sampling.sample(broad, [], seed=random.fold_in(seeds[1], layer))
    keep = gradients.expand_to_event(chosen, z)
    replaced.append(tf.stop_gradient(tf.where(keep, other, z)))
  return protocol.pack(posterior, tuple(replaced))


def log_prob(
  posterior: Any, samples: types.Samples, log_q: tf.Tensor, fraction: float
) -> tf.Tensor:
  """Returns the log-density of the mixture, `[K, B]`, gradient stopped."""
  path = samples if isinstance(samples, tuple) else (samples,)
  layers = protocol.as_chain(posterior)
  terms = []
  for layer, z in enumerate(path):
    broad = _broad(layers.conditional(path[:layer]), z)
    terms.append(gradients.sum_event(broad.log_prob(z), sample_rank=2))
  log_broad = math.log(fraction) + tf.add_n(terms)
  both = tf.stack([math.log1p(-fraction) + log_q, log_broad])
  return tf.stop_gradient(tf.reduce_logsumexp(both, axis=0))


def _broad(distribution: tfd.Distribution, z: tf.Tensor) -> tfd.Distribution:
  """Returns fair coins or standard normal variables of the shape of z."""
  inner = sampling.unwrap(distribution)
  zeros = tf.zeros_like(z)
  if isinstance(inner, tfd.Bernoulli):
    return tfd.Bernoulli(logits=zeros, dtype=z.dtype)
  if isinstance(inner, tfd.Normal):
    return tfd.Normal(zeros, tf.ones_like(z))
  raise ValueError(
    'A defensive mixture needs Bernoulli or Normal variables. Received: '
    f'{distribution!r}'
  )
