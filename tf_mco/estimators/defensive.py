"""A defensive mixture of a posterior and a broad distribution."""

from __future__ import annotations

import math

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics
from tf_mco.ops import gradients


def sample(
  posterior: posteriors.Posterior,
  samples: types.Samples,
  fraction: float,
  *,
  seed: types.Seed,
) -> types.Samples:
  """Returns samples of which each is replaced with probability `fraction`.

  Args:
    posterior: a posterior of Bernoulli and Normal variables.
    samples: `[K, B, ...]` per layer, drawn from the posterior. Whole paths are
      replaced.
    fraction: the probability of the broad distribution.
    seed: of the choice and of the replacements, apart from the seed of the
      samples.
  Raises:
    ValueError: if a layer has no broad counterpart.
  """
  seeds = random.split(random.fold_in(seed, random.Salt.DEFENSIVE), 2)
  path = types.as_path(samples)
  log_q = posterior.log_prob(samples)
  threshold = bernoulli_numerics.threshold_of_probability(
    tf.constant(fraction, log_q.dtype)
  )
  chosen = random.words_like(log_q, [], seed=seeds[0]) < threshold
  replaced = []
  for layer, z in enumerate(path):
    broad = _broad(posterior.conditional(path[:layer]), z)
    other = sampling.sample(broad, [], seed=random.fold_in(seeds[1], layer))
    replace = gradients.expand_to_event(chosen, z)
    replaced.append(tf.stop_gradient(tf.where(replace, other, z)))
  return posterior.pack(tuple(replaced))


def log_prob(
  posterior: posteriors.Posterior,
  samples: types.Samples,
  log_q: tf.Tensor,
  fraction: float,
) -> tf.Tensor:
  """Returns the log-density of the mixture, `[K, B]`, gradient stopped.

  Args:
    posterior: a posterior of Bernoulli and Normal variables.
    samples: `[K, B, ...]` per layer.
    log_q: `[K, B]`, the posterior's log-density at the samples, in nats.
    fraction: the probability of the broad distribution.
  """
  path = types.as_path(samples)
  terms = []
  for layer, z in enumerate(path):
    broad = _broad(posterior.conditional(path[:layer]), z)
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
