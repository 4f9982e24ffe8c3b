"""The types that estimators, posteriors and models exchange.

Shapes are written with K samples, B examples, P antithetic pairs and D latent
dimensions. Every log-density and every bound is in nats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import tensorflow as tf

# A sample path: one `[K, B, ...]` tensor per stochastic layer.
Path: TypeAlias = tuple[tf.Tensor, ...]
# `[K, B, ...]` for a posterior of one layer; a `Path` for a chain.
Samples: TypeAlias = tf.Tensor | Path
# A function that maps `Samples` to log p(x, z), `[K, B]`, in nats. The argument
# is Any, because a user's function takes a tensor, or a tuple, and not both.
LogJoint: TypeAlias = Callable[[Any], tf.Tensor]
# A function that maps `Samples` to any cost or reward, `[K, B]`.
Integrand: TypeAlias = Callable[[Any], tf.Tensor]
# An integer, or an int32 tensor of shape `[2]`.
Seed: TypeAlias = int | tf.Tensor
# A tensor, or what TensorFlow converts to one; a sequence may be nested.
TensorLike: TypeAlias = tf.Tensor | tf.Variable | np.ndarray | float | Sequence
# The sizes of the sample axes, which TFP's `sample` takes as well.
SampleShape: TypeAlias = (
  int | tf.Tensor | tf.TensorShape | Sequence[int | tf.Tensor]
)


class Pair(NamedTuple):
  """Two coupled paths through a chain, antithetic at one of its layers."""

  path: Path  # `[P, B, ...]` per stochastic layer
  antithetic: Path  # the same shapes
  uniform: tf.Tensor  # `[P, B, D]`, from which both samples of the layer came


class Draw(NamedTuple):
  """All of the randomness of one estimate."""

  samples: Samples  # the K samples of the reported bound
  pairs: tuple[Pair, ...] = ()  # for coupled estimators: one per layer
  extras: Any = None  # whatever else one estimator or posterior needs


class Scores(Protocol):
  """The `extras` of a draw whose posterior scores only its own samples."""

  log_p: tf.Tensor  # `[K, B]`, log p(x, z) in nats
  log_q: tf.Tensor  # `[K, B]`, such that log_p - log_q is the log-weight


class Factor(NamedTuple):
  """One factor of a log-joint, and the layers whose samples it scores."""

  log_prob: tf.Tensor  # `[K, B]`, nats
  layers: tuple[int, ...]  # stochastic layers, the first is 0


class Surrogate(NamedTuple):
  """The loss that is differentiated, and the bound that is reported."""

  loss: tf.Tensor  # `[B]`; the value is -bound, the gradient is the estimate
  bound: tf.Tensor  # `[B]`, nats, without gradient
  log_weights: tf.Tensor  # `[K, B]`, nats, without gradient


class MeanSurrogate(NamedTuple):
  """The loss and the value of an estimate of a mean, E_q[f(z)]."""

  loss: tf.Tensor  # `[B]`; the value is -mean, the gradient is the estimate
  mean: tf.Tensor  # `[B]`, the mean of `values` over K, without gradient
  values: tf.Tensor  # `[K, B]`, f at the samples, without gradient


@runtime_checkable
class DreamingLogJoint(Protocol):
  """A log-joint that can also draw x and z from the model.

  The sleep phase of reweighted wake-sleep needs one.
  """

  def __call__(self, samples: Samples) -> tf.Tensor:
    """Returns log p(x, z), `[K, B]`, in nats."""

  def dream(self, *, seed: Seed) -> tuple[tf.Tensor, Path]:
    """Returns x, `[B, ...]`, and z, `[1, B, ...]` per layer, from p(x, z)."""

  def log_q_of_dream(self, dream: tuple[tf.Tensor, Path]) -> tf.Tensor:
    """Returns log q(z | x) of a dream, `[B]`, differentiable in q."""


@runtime_checkable
class FactorizedLogJoint(Protocol):
  """A log-joint that is the sum of named factors.

  Estimators that differentiate through samples look for a lost gradient in each
  factor apart. In the sum, a factor without a gradient would hide behind the
  gradient of the others.
  """

  def __call__(self, samples: Samples) -> tf.Tensor:
    """Returns log p(x, z), `[K, B]`, in nats: the sum of the factors."""

  def factors(self, samples: Samples) -> dict[str, Factor]:
    """Returns the factors by their names, which messages use."""


def as_path(samples: Samples) -> Path:
  """Returns samples as a path: a tuple with one tensor per layer."""
  return samples if isinstance(samples, tuple) else (samples,)
