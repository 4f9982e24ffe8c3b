"""log p(x, z) of a batch, and draws from the model itself."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tf_mco import posteriors
from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling
from tf_mco.layers.heads import prior as prior_lib
from tf_mco.layers.objective import conditional as conditional_lib


class GenerativeModel:
  """The log-joint of a batch, which can also draw x and z from the model.

  The density factorizes as

    p(x, z) = p(x | z1) p(z1 | z2) ... p(zL).

  Estimators call the object, or its `factors`, whose sum it is (see
  `types.FactorizedLogJoint`). Estimators with a sleep phase call `dream` and
  `log_q_of_dream` as well (see `types.DreamingLogJoint`).
  """

  # Messages name a log-joint by its function's name.
  __name__ = 'log_joint'

  def __init__(
    self,
    x: tf.Tensor,
    decoder: tuple[conditional_lib.Conditional, ...],
    prior: prior_lib.Prior,
    posterior_of: Callable[[tf.Tensor], posteriors.Posterior],
    *,
    training: bool,
  ):
    """Makes the log-joint.

    Args:
      x: `[B, ...]`, the observations that the likelihood scores.
      decoder: p(x | z1), p(z1 | z2), ...
      prior: a layer whose `.distribution()` is p(z) of the last z.
      posterior_of: maps observations to the posterior.
      training: passed to the networks.
    """
    self._x = x
    self._decoder = decoder
    self._prior = prior.distribution()
    self._posterior_of = posterior_of
    self._training = training

  def __call__(self, samples: types.Samples) -> tf.Tensor:
    """Returns log p(x, z), `[K, B]`, in nats."""
    factors = self.factors(samples).values()
    return tf.add_n([factor.log_prob for factor in factors])

  def factors(self, samples: types.Samples) -> dict[str, types.Factor]:
    """Returns prior, likelihood and the conditionals between layers."""
    path = types.as_path(samples)
    last = _log_prob(self._prior, path[-1], 'the prior')
    factors = {
      'the prior': types.Factor(last, (len(path) - 1,)),
      'the likelihood': types.Factor(self.log_likelihood(path), (0,)),
    }
    for below, conditional in enumerate(self._decoder[1:]):
      distribution = conditional.distribution(
        path[below + 1], training=self._training
      )
      owner = f'stochastic layer {below + 1} of the decoder'
      log_prob = _log_prob(distribution, path[below], owner)
      factors[owner] = types.Factor(log_prob, (below, below + 1))
    return factors

  def log_likelihood(self, samples: types.Samples) -> tf.Tensor:
    """Returns log p(x | z1), `[K, B]`, in nats."""
    first = types.as_path(samples)[0]
    return _log_prob(self._likelihood(first), self._x, 'the likelihood')

  def dream(self, *, seed: types.Seed) -> tuple[tf.Tensor, types.Path]:
    """Returns x, `[B, ...]`, and z, `[1, B, ...]` per layer, from p(x, z).

    There are as many dreams as examples. Their gradient is stopped.
    """
    seed, data_seed = random.split(seed, 2)
    count = tf.shape(self._x)[0]
    path = sample_path(self._decoder, self._prior, count, seed=seed)
    x = sampling.sample(self._likelihood(path[0]), [], seed=data_seed)[0]
    x = tf.ensure_shape(x, self._x.shape)
    return tf.nest.map_structure(tf.stop_gradient, (x, path))

  def log_q_of_dream(self, dream: tuple[tf.Tensor, types.Path]) -> tf.Tensor:
    """Returns log q(z | x) of a dream, `[B]`, differentiable in q."""
    x, path = dream
    return self._posterior_of(x).log_prob(path)[0]

  def _likelihood(self, first: tf.Tensor) -> tfd.Distribution:
    return self._decoder[0].distribution(first, training=self._training)


def _log_prob(
  distribution: tfd.Distribution, value: tf.Tensor, owner: str
) -> tf.Tensor:
  """Returns the log-density, `[K, B]`; ValueError rather than broadcasting."""
  value = tf.convert_to_tensor(value)
  event = distribution.event_shape
  rank = value.shape.rank - (event.rank or 0)
  if not value.shape[max(rank, 0) :].is_compatible_with(event) or rank > 2:
    raise ValueError(
      f'The event shape of {owner} must be that of what it scores. Received: '
      f'event_shape={event} for values of shape {value.shape}'
    )
  return sampling.log_prob(distribution, value)


def sample_path(
  decoder: tuple[conditional_lib.Conditional, ...],
  prior: tfd.Distribution,
  count: int | tf.Tensor,
  *,
  seed: types.Seed,
) -> types.Path:
  """Returns one sample path of the prior per example, `[1, count, ...]` each.

  Args:
    decoder: p(x | z1), p(z1 | z2), ... The first is not used.
    prior: the distribution of the last z.
    count: how many paths to draw.
    seed: an integer or an int32 `[2]` tensor.
  """
  prior_seed, seed = random.split(seed, 2)
  path = [sampling.sample(prior, [1, count], seed=prior_seed)]
  for depth in reversed(range(1, len(decoder))):
    distribution = decoder[depth].distribution(path[0])
    layer_seed = random.fold_in(seed, depth)
    path.insert(0, sampling.sample(distribution, [], seed=layer_seed))
  return tuple(path)
