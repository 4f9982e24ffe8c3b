"""A posterior of several stochastic layers, sampled one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import inspect
from typing import TypeAlias

import tensorflow as tf

from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.posteriors import posterior as posterior_lib

# A distribution, or a function of the previous samples that returns one.
LayerSpec: TypeAlias = tfd.Distribution | Callable[..., tfd.Distribution]


class Chain(posterior_lib.Posterior):
  """A chain of stochastic layers; it is no Markov chain Monte Carlo.

  The density factorizes as

    q(z | x) = q(z1 | x) q(z2 | z1, x) ... q(zL | z1 .. z(L-1), x).

  Use a chain for a hierarchical posterior, of layers of any kind: binary,
  continuous, or mixed. A sample is a tuple with one `[K, B, ...]` tensor per
  layer, also when the chain has a single layer. No gradient flows through a
  sample into an earlier layer unless that layer is reparameterized.

  #### Example

  >>> import tensorflow_probability as tfp
  >>> tfd = tfp.distributions
  >>> first = tfd.Independent(tfd.Normal(tf.zeros([5, 2]), 1.0), 1)
  >>> chain = Chain([first, lambda z1: tfd.Independent(tfd.Normal(z1, 0.5), 1)])
  >>> z1, z2 = chain.sample(3, seed=0)
  >>> print(z1.shape, z2.shape, chain.log_prob((z1, z2)).shape)
  (3, 5, 2) (3, 5, 2) (3, 5)
  """

  def __init__(self, conditionals: Sequence[LayerSpec]):
    """Makes a chain.

    Args:
      conditionals: one per stochastic layer. The first is a distribution of
        batch shape `[B]`, or a function without arguments that returns one.
        Layer l is a function of the l - 1 previous samples, one positional
        argument each, `lambda z1, z2: ...`, every sample `[K, B, ...]`; the
        function returns a distribution of batch shape `[K, B]`.
    Raises:
      ValueError: if there is no layer, or one that cannot be called so.
    """
    if not isinstance(conditionals, (list, tuple)) or not conditionals:
      raise ValueError(
        'A Chain needs a list of conditionals, at least one. Received: '
        f'conditionals={conditionals!r}'
      )
    conditionals = tuple(conditionals)
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

  def pack(self, path: types.Path) -> types.Samples:
    """Returns the path: the samples of a chain are a tuple."""
    return path

  def sample(
    self,
    num_samples: int,
    *,
    num_layers: int | None = None,
    seed: types.Seed,
  ) -> types.Path:
    """Returns K paths, one `[K, B, ...]` tensor per layer.

    Args:
      num_samples: K.
      num_layers: how many layers to draw, from the first; all by default.
      seed: an integer or an int32 `[2]` tensor.
    """
    return self.sample_path(num_samples, num_layers=num_layers, seed=seed)


def _check_batch(distribution: tfd.Distribution, layer: int) -> None:
  """Raises ValueError unless the batch shape is [B], later [K, B]."""
  single = isinstance(distribution, tfd.Distribution)
  if not single or isinstance(distribution, tfd.JointDistribution):
    raise ValueError(
      f'Conditional {layer} of a Chain must be a tfd.Distribution of one '
      f'variable, or a function that returns one. Received: {distribution!r}'
    )
  rank = distribution.batch_shape.rank
  expected = '[K, B]' if layer else '[B]'
  if rank not in (None, 2 if layer else 1):
    raise ValueError(
      f'Conditional {layer} of a Chain must have the batch shape {expected}; '
      'wrap independent dimensions in tfd.Independent. Received: batch_shape='
      f'{distribution.batch_shape}, event_shape={distribution.event_shape}'
    )


def _check_arguments(conditional: LayerSpec, layer: int) -> None:
  """Raises ValueError unless `conditional` takes the previous samples."""
  if isinstance(conditional, tfd.Distribution) and layer == 0:
    _check_batch(conditional, layer)
    return
  if isinstance(conditional, type) or layer == 0 and not callable(conditional):
    raise ValueError(
      f'Conditional {layer} of a Chain must be a function that returns a '
      'tfd.Distribution (the first may be a distribution). Received: '
      f'{conditional!r}'
    )
  try:
    inspect.signature(conditional).bind(*range(layer))
  except TypeError as error:
    raise ValueError(
      f'Conditional {layer} of a Chain must be a function of {layer} '
      'previous samples, one positional argument each (the first may be a '
      f'tfd.Distribution). Received: {conditional!r} ({error})'
    ) from error
