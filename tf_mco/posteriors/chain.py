"""A posterior of several stochastic layers, sampled one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import inspect
from typing import TypeAlias

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import sampling

Conditional: TypeAlias = tfd.Distribution | Callable[..., tfd.Distribution]


class Chain:
  """q(z1 | x) q(z2 | z1, x) ... q(zL | z1 .. z(L-1), x).

  Samples and their log-densities are tuples with one `[K, B, ...]` tensor
  per layer. No gradient flows through a sample into an earlier layer unless
  that layer is reparameterized.
  """

  def __init__(self, conditionals: Sequence[Conditional]):
    """Makes a chain.

    Args:
      conditionals: one per stochastic layer. The first is a distribution of
        batch shape `[B]`, or a function without arguments that returns one.
        Layer l is a function of the l - 1 previous samples, one positional
        argument each, `lambda z1, z2: ...`, every sample `[K, B, ...]`; it
        returns a distribution of batch shape `[K, B]`.
    Raises:
      ValueError: if there is no layer, or one that cannot be called so.
    """
    conditionals = tuple(conditionals)
    if not conditionals:
      raise ValueError('A Chain needs at least one conditional. Received: none')
    for layer, conditional in enumerate(conditionals):
      _check_arguments(conditional, layer)
    self._conditionals = conditionals

  @property
  def num_layers(self) -> int:
    """The number of stochastic layers."""
    return len(self._conditionals)

  def conditional(self, previous: Sequence[tf.Tensor]) -> tfd.Distribution:
    """Returns the distribution of the layer after the `previous` samples."""
    conditional = self._conditionals[len(previous)]
    if not isinstance(conditional, tfd.Distribution):
      conditional = conditional(*previous)
    _check_batch(conditional, len(previous))
    return conditional

  def sample(
    self,
    num_samples: int,
    *,
    num_layers: int | None = None,
    seed: types.Seed,
  ) -> tuple[tf.Tensor, ...]:
    """Returns K paths, one `[K, B, ...]` per layer.

    Args:
      num_samples: K.
      num_layers: how many layers to draw, from the first; default all.
      seed: an integer or an int32 `[2]` tensor.
    """
    if num_layers == 0:
      return ()
    start_seed, seed = random.split(seed, 2)
    start = sampling.sample(
      self.conditional(()), [num_samples], seed=start_seed
    )
    return self.extend((start,), num_layers=num_layers, seed=seed)

  def extend(
    self,
    prefix: Sequence[tf.Tensor],
    *,
    num_layers: int | None = None,
    seed: types.Seed,
  ) -> tuple[tf.Tensor, ...]:
    """Continues paths of at least one layer.

    Args:
      prefix: the samples of the first layers, `[K, B, ...]` each.
      num_layers: how many layers the result has; default all.
      seed: an integer or an int32 `[2]` tensor.
    Returns:
      The whole paths, `prefix` unchanged at their beginning.
    """
    path = tuple(prefix)
    if not path:
      raise ValueError('`extend` needs the samples of at least one layer.')
    while len(path) < (num_layers or self.num_layers):
      layer_seed = random.fold_in(seed, len(path))
      path += (sampling.sample(self.conditional(path), [], seed=layer_seed),)
    return path

  def log_probs(self, samples: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
    """Returns log q of each layer given the previous ones, `[K, B]`, nats.

    Raises:
      ValueError: unless there is one sample for each layer.
    """
    if len(samples) != self.num_layers:
      raise ValueError(
        f'A path of this Chain has {self.num_layers} layers. Received: '
        f'{len(samples)}'
      )
    return tuple(
      self.conditional(samples[:layer]).log_prob(sample)
      for layer, sample in enumerate(samples)
    )

  def log_prob(self, samples: Sequence[tf.Tensor]) -> tf.Tensor:
    """Returns log q(z1, ..., zL | x), `[K, B]`, in nats."""
    return tf.add_n(self.log_probs(samples))


def _check_batch(distribution: tfd.Distribution, layer: int) -> None:
  """Raises ValueError unless the batch shape is [B], later [K, B]."""
  rank = distribution.batch_shape.rank
  expected = '[K, B]' if layer else '[B]'
  if rank not in (None, 2 if layer else 1):
    raise ValueError(
      f'Conditional {layer} of a Chain must have the batch shape {expected}; '
      'wrap independent dimensions in tfd.Independent. Received: batch_shape='
      f'{distribution.batch_shape}, event_shape={distribution.event_shape}'
    )


def _check_arguments(conditional: Conditional, layer: int) -> None:
  """Raises ValueError unless `conditional` takes the previous samples."""
  if isinstance(conditional, tfd.Distribution) and layer == 0:
    return
  try:
    inspect.signature(conditional).bind(*range(layer))
  except TypeError as error:
    raise ValueError(
      f'Conditional {layer} of a Chain must be a function of {layer} '
      'previous samples, one positional argument each (the first may be a '
      f'tfd.Distribution). Received: {conditional!r} ({error})'
    ) from error
