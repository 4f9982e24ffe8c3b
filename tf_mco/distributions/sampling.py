"""The one way to draw from a distribution, and to look inside one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import bernoulli
from tf_mco.distributions import log_space

_Sizes: TypeAlias = Sequence[int | tf.Tensor]
_Sampler: TypeAlias = Callable[
  [tfd.Distribution, _Sizes, types.Seed], tf.Tensor
]


def sample(
  distribution: tfd.Distribution, sample_shape: _Sizes, *, seed: types.Seed
) -> tf.Tensor:
  """Returns samples of any distribution, in the way that suits its family.

  - A `tfd.Bernoulli` or `tfd.Normal` is drawn with the generator of
    `tf_mco.random`, which gives the same numbers with jit and without. Binary
    samples are floating, whatever the dtype of the distribution, so that a
    model can multiply them.
  - A member of the Gamma family of `tf_mco.distributions` keeps the logarithms
    of its samples. `log_prob` uses them, also inside `tfd.Independent`, so that
    a sample that underflows has a finite log-density.
  - All other distributions use their own stateless sampler. Those of TFP are
    right as well, but slower under `jit_compile` on a CPU.

  A subclass is not taken for its parent, because it may draw in another way.

  Args:
    distribution: any `tfd.Distribution`.
    sample_shape: sizes, which are integers or scalar tensors.
    seed: an integer or an int32 `[2]` tensor.
  Returns:
    `sample_shape + batch_shape + event_shape`. The gradient flows to the
    parameters if the distribution is reparameterized.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> logits = tf.zeros([4, 3])
    >>> q = distributions.Bernoulli(logits)
    >>> z = distributions.sample(q, [5], seed=1)
    >>> z.shape, z.dtype
    (TensorShape([5, 4, 3]), tf.float32)
  """
  inner = unwrap(distribution)
  if isinstance(inner, log_space.LogSpace):
    return inner.sample_keeping_log(sample_shape, seed)
  sampler = _SAMPLERS.get(type(inner))
  if sampler is None:
    return distribution.sample(sample_shape, seed=random.as_seed(seed))
  return sampler(inner, sample_shape, seed)


def unwrap(distribution: tfd.Distribution) -> tfd.Distribution:
  """Returns the distribution inside `tfd.Independent`, however deep.

  `tfd.Independent` changes which axes belong to an event, and nothing else, so
  that the family and the parameters are those of the distribution inside. A
  subclass of `tfd.Independent` may change more, and is returned as it is.

  Args:
    distribution: any distribution.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> from tensorflow_probability import distributions as tfd
    >>> normal = tfd.Normal(tf.zeros([4, 3]), 1.0)
    >>> distributions.unwrap(tfd.Independent(normal, 1)) is normal
    True
  """
  while type(distribution) is tfd.Independent:
    distribution = distribution.distribution
  return distribution


def _bernoulli(
  distribution: tfd.Bernoulli, sample_shape: _Sizes, seed: types.Seed
) -> tf.Tensor:
  logits = bernoulli.logits_of(distribution)
  u = random.uniform_like(logits, sample_shape, seed=seed)
  return tf.cast(u < tf.sigmoid(logits), logits.dtype)


def _normal(
  distribution: tfd.Normal, sample_shape: _Sizes, seed: types.Seed
) -> tf.Tensor:
  loc, scale = distribution.loc, distribution.scale
  # The location and the scale may have different shapes that broadcast.
  batch = tf.zeros_like(loc) + tf.zeros_like(scale)
  return loc + scale * random.normal_like(batch, sample_shape, seed=seed)


_SAMPLERS: dict[type, _Sampler] = {
  tfd.Bernoulli: _bernoulli,
  tfd.Normal: _normal,
}
