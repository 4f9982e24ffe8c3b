"""The one way to draw from a distribution, to score, and to look inside one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tf_mco import random
from tf_mco import types
from tf_mco._tfp import tfd
from tf_mco.distributions import bernoulli
from tf_mco.distributions import beta
from tf_mco.distributions import dirichlet
from tf_mco.distributions import gamma
from tf_mco.distributions import log_space
from tf_mco.distributions import normal_noise
from tf_mco.distributions import parameter_checks
from tf_mco.distributions.numerics import bernoulli as bernoulli_numerics
from tf_mco.distributions.numerics import bernoulli_event

# The forms in which several sizes are given.
_LISTS = (list, tuple, tf.TensorShape, range, np.ndarray)
_Sizes: TypeAlias = Sequence[int | tf.Tensor]
_Sampler: TypeAlias = Callable[
  [tfd.Distribution, _Sizes, types.Seed], tf.Tensor
]

# The constructor of `tfd.Independent` returns its parent where the distribution
# inside is no composite tensor.
_INDEPENDENT = tuple(
  cls
  for cls in tfd.Independent.__mro__
  if cls.__name__.lstrip('_') == 'Independent'
)

# TFP's classes whose samples and gradients are wrong at small concentrations.
# They are drawn and scored by the equivalent classes of this library.
_OWN: dict[type, Callable[[tfd.Distribution], log_space.LogSpace]] = {
  tfd.Gamma: lambda q: gamma.Gamma(**q.parameters),
  tfd.InverseGamma: lambda q: gamma.InverseGamma(**q.parameters),
  tfd.Chi2: lambda q: gamma.Gamma(0.5 * tf.convert_to_tensor(q.df), 0.5),
  tfd.Beta: lambda q: beta.Beta(**q.parameters),
  tfd.Dirichlet: lambda q: dirichlet.Dirichlet(**q.parameters),
}


def sample(
  distribution: tfd.Distribution, sample_shape: _Sizes, *, seed: types.Seed
) -> tf.Tensor:
  """Returns samples of any distribution, in the way that suits its family.

  - A `tfd.Bernoulli`, `tfd.Normal` or `tfd.MultivariateNormalDiag` is drawn
    with the generator of `tf_mco.random`, which gives the same numbers with jit
    and without. Binary samples are floating, whatever the dtype of the
    distribution, so that a model can multiply them. Normal samples keep the
    noise from which they came, for `log_prob`.
  - A member of the Gamma family keeps the logarithms of its samples.
    `log_prob` uses them, also inside `tfd.Independent`, so that a sample that
    underflows has a finite log-density. `tfd.Gamma`, `tfd.Chi2`,
    `tfd.InverseGamma`, `tfd.Beta` and `tfd.Dirichlet` are drawn as the
    equivalent classes of `tf_mco.distributions`.
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
  parameter_checks.distribution('distribution', distribution)
  sample_shape = sizes_of(sample_shape)
  inner = own(unwrap(distribution))
  if isinstance(inner, log_space.KeepsLog):
    return inner.sample_keeping_log(sample_shape, seed)
  sampler = _SAMPLERS.get(type(inner))
  if sampler is None:
    return distribution.sample(sample_shape, seed=random.as_seed(seed))
  return sampler(inner, sample_shape, seed)


def log_prob(distribution: tfd.Distribution, samples: tf.Tensor) -> tf.Tensor:
  """Returns the log-density of samples, in nats, through what they remember.

  The result is that of `distribution.log_prob`, except for a sample that its
  dtype cannot hold: a normal sample whose scale is below the rounding of its
  location is scored by its noise, and a sample of the Gamma family that
  underflows by its logarithm.

  Args:
    distribution: any distribution, not only that which drew the samples.
    samples: as `sample` returns them, or any values. Gradients flow to the
      samples and to the parameters.
  Example:
    >>> import tensorflow as tf
    >>> from tf_mco import distributions
    >>> from tensorflow_probability import distributions as tfd
    >>> q = tfd.Normal(1.0, 1e-9)  # no float32 is between 1 and 1 + 1e-7
    >>> z = distributions.sample(q, [1000], seed=1)
    >>> log_q = distributions.log_prob(q, z)
    >>> bool(abs(tf.reduce_mean(log_q) + q.entropy()) < 0.1)
    True
  """
  parameter_checks.distribution('distribution', distribution)
  parameter_checks.numbers('log_prob', samples=samples)
  inner = unwrap(distribution)
  if type(inner) in _OWN:
    per_event, inner_rank = own(inner).log_prob(samples), inner.event_shape.rank
  elif type(inner) in _NORMAL:
    loc, scale = _NORMAL[type(inner)](inner)
    per_event, inner_rank = normal_noise.log_prob(samples, loc, scale), 0
  elif type(inner) is bernoulli.Bernoulli and _sums_in_groups(distribution):
    logits = tf.convert_to_tensor(inner.logits)
    value = tf.cast(samples, logits.dtype)
    per_event, inner_rank = bernoulli_event.log_prob(value, logits), 1
  else:
    return distribution.log_prob(samples)
  # `tfd.Independent` sums over the axes that it has made parts of an event.
  axes = list(range(inner_rank - distribution.event_shape.rank, 0))
  return tf.reduce_sum(per_event, axis=axes) if axes else per_event


def _sums_in_groups(distribution: tfd.Distribution) -> bool:
  """Returns whether the density of an event is computed by groups of bits."""
  event = distribution.event_shape
  known = bool(event.rank) and event[-1] is not None
  return known and bernoulli_event.is_preferred()


def own(distribution: tfd.Distribution) -> tfd.Distribution:
  """Returns the distribution, or the class of this library in place of TFP's.

  Args:
    distribution: not wrapped in `tfd.Independent`.
  """
  make = _OWN.get(type(distribution))
  return distribution if make is None else make(distribution)


def sizes_of(sample_shape: types.SampleShape) -> list[int | tf.Tensor]:
  """Returns the sizes of the sample axes, an empty list for a single sample.

  Raises:
    ValueError: for what is neither a size nor a list of sizes, and for a
      negative size.
  """
  if tf.is_tensor(sample_shape):
    return tf.unstack(tf.reshape(sample_shape, [-1]))
  sizes: list[Any] = [sample_shape]
  if isinstance(sample_shape, _LISTS):
    sizes = list(sample_shape)
  if not all(tf.is_tensor(size) or _is_size(size) for size in sizes):
    raise ValueError(
      '`sample_shape` must be a list of sizes, which are integers of at least 0'
      f' or scalar tensors. Received: sample_shape={sample_shape!r}'
    )
  return [size if tf.is_tensor(size) else int(size) for size in sizes]


def _is_size(value: Any) -> bool:
  """Returns whether a value is an integer of at least 0."""
  whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
  return whole and value >= 0


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
  parameter_checks.distribution('distribution', distribution)
  while type(distribution) in _INDEPENDENT:
    distribution = distribution.distribution
  return distribution


def _bernoulli(
  distribution: tfd.Bernoulli, sample_shape: _Sizes, seed: types.Seed
) -> tf.Tensor:
  logits = bernoulli.logits_of(distribution)
  words = random.words_like(logits, sample_shape, seed=seed)
  return tf.cast(words < bernoulli_numerics.threshold(logits), logits.dtype)


def _location_and_scale(
  distribution: tfd.Normal,
) -> tuple[tf.Tensor, tf.Tensor]:
  return (
    tf.convert_to_tensor(distribution.loc),
    tf.convert_to_tensor(distribution.scale),
  )


def _location_and_diagonal(
  distribution: tfd.MultivariateNormalDiag,
) -> tuple[tf.Tensor, tf.Tensor]:
  scale = distribution.scale.diag_part()
  loc = distribution.loc
  return tf.zeros_like(scale) if loc is None else loc, scale


def _normal(
  distribution: tfd.Distribution, sample_shape: _Sizes, seed: types.Seed
) -> tf.Tensor:
  loc, scale = _NORMAL[type(distribution)](distribution)
  # The location and the scale may have different shapes that broadcast.
  batch = tf.zeros_like(loc) + tf.zeros_like(scale)
  noise = random.normal_like(batch, sample_shape, seed=seed)
  return normal_noise.sample(loc, scale, noise)


# Factorized normal distributions, and functions that return their parameters.
_NORMAL: dict[type, Callable[..., tuple[tf.Tensor, tf.Tensor]]] = {
  tfd.Normal: _location_and_scale,
  tfd.MultivariateNormalDiag: _location_and_diagonal,
}
_SAMPLERS: dict[type, _Sampler] = {
  tfd.Bernoulli: _bernoulli,
  **dict.fromkeys(_NORMAL, _normal),
}
