"""log p(x, z) of a batch, and draws from the model itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco.distributions import sampling
from tf_mco.layers.objective import conditional as conditional_lib
from tf_mco.posteriors import protocol


class GenerativeModel:
  """A log-joint that can also dream: draw x and z from the model.

  Estimators call it; those with a sleep phase call `dream` and
  `log_q_of_dream` as well.
  """

  __name__ = 'log_joint'

  def __init__(
    self,
    x: tf.Tensor,
    decoder: tuple[conditional_lib.Conditional, ...],
    prior: Any,
    posterior_of: Callable[[tf.Tensor], Any],
    *,
    training: bool,
  ):
    """Makes the log-joint.

    Args:
      x: `[B, ...]`, what the likelihood scores.
      decoder: p(x | z1), p(z1 | z2), ...
      prior: a layer whose `.distribution()` is p(z) of the last z.
      posterior_of: maps data to the posterior.
      training: passed to the networks.
    """
    self._x = x
    self._decoder = decoder
    self._prior = prior.distribution()
    self._posterior_of = posterior_of
    self._options = {'training': training}

  def __call__(self, samples: types.Samples) -> tf.Tensor:
    """Returns log p(x, z), `[K, B]`, in nats."""
    path = samples if isinstance(samples, tuple) else (samples,)
    last = _log_prob(self._prior, path[-1], 'the prior')
    terms = [last, self.log_likelihood(path)]
    for below, stage in enumerate(self._decoder[1:]):
      given = stage.distribution(path[below + 1], **self._options)
      what = f'stochastic layer {below + 1} of the decoder'
      terms.append(_log_prob(given, path[below], what))
    return tf.add_n(terms)

  def log_likelihood(self, samples: types.Samples) -> tf.Tensor:
    """Returns log p(x | z1), `[K, B]`, in nats."""
    first = samples[0] if isinstance(samples, tuple) else samples
    given = self._decoder[0].distribution(first, **self._options)
    return _log_prob(given, self._x, 'the likelihood')

  def dream(self, *, seed: types.Seed) -> tuple[tf.Tensor, types.Samples]:
    """Returns x `[B, ...]` and z, `[1, B, ...]` per layer, from p(x, z).

    As many dreams as there are examples; the gradient is stopped.
    """
    seed, data_seed = random.split(seed, 2)
    count = tf.shape(self._x)[0]
    path = sample_path(self._decoder, self._prior, count, seed=seed)
    given = self._decoder[0].distribution(path[0], **self._options)
    x = sampling.sample(given, [], seed=data_seed)[0]
    x = tf.ensure_shape(x, self._x.shape)
    return tf.nest.map_structure(tf.stop_gradient, (x, path))

  def log_q_of_dream(
    self, dream: tuple[tf.Tensor, tuple[tf.Tensor, ...]]
  ) -> tf.Tensor:
    """Returns log q(z | x) of a dream, `[B]`, differentiable in q."""
    x, path = dream
    posterior = self._posterior_of(x)
    return protocol.log_prob(posterior, protocol.pack(posterior, path))[0]


def _log_prob(distribution: Any, value: tf.Tensor, what: str) -> tf.Tensor:
  """Returns the log-density, `[K, B]`; ValueError rather than broadcasting."""
  value = tf.convert_to_tensor(value)
  event = distribution.event_shape
  rank = value.shape.rank - (event.rank or 0)
  if not value.shape[max(rank, 0) :].is_compatible_with(event) or rank > 2:
    raise ValueError(
      f'The event shape of {what} must be that of what it scores. Received: '
      f'event_shape={event} for values of shape {value.shape}'
    )
  return distribution.log_prob(value)


def sample_path(
  decoder: tuple[conditional_lib.Conditional, ...],
  prior: Any,
  count: int | tf.Tensor,
  *,
  seed: types.Seed,
) -> tuple[tf.Tensor, ...]:
  """Returns one sample path of the prior per example, `[1, count, ...]` each.

  Args:
    decoder: p(x | z1), p(z1 | z2), ...; the first is not used.
    prior: the distribution of the last z.
    count: how many.
    seed: an integer or an int32 `[2]` tensor.
  """
  prior_seed, seed = random.split(seed, 2)
  path = [sampling.sample(prior, [1, count], seed=prior_seed)]
  for depth in reversed(range(1, len(decoder))):
    given = decoder[depth].distribution(path[0])
    path.insert(0, sampling.sample(given, [], seed=random.fold_in(seed, depth)))
  return tuple(path)
