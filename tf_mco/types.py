"""The contract between estimators, posteriors and models.

Shapes: K samples, B examples, P antithetic pairs, D latent dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
import tensorflow as tf

# `[K, B, ...]`, or a tuple of them, one per stochastic layer.
Samples: TypeAlias = tf.Tensor | tuple[tf.Tensor, ...]
# Maps `Samples` to log p(x, z), `[K, B]`, in nats.
LogJoint: TypeAlias = Callable[[Any], tf.Tensor]
Seed: TypeAlias = int | tf.Tensor
# A tensor, or what TensorFlow converts to one; a sequence may be nested.
TensorLike: TypeAlias = tf.Tensor | tf.Variable | np.ndarray | float | Sequence
# The sizes of the sample axes, which TFP's `sample` takes as well.
SampleShape: TypeAlias = (
  int | tf.Tensor | tf.TensorShape | Sequence[int | tf.Tensor]
)


class Pair(NamedTuple):
  """Two coupled paths through a chain, antithetic at one of its layers."""

  path: tuple[tf.Tensor, ...]  # one `[P, B, ...]` per stochastic layer
  antithetic: tuple[tf.Tensor, ...]  # the same shapes
  uniform: tf.Tensor  # `[P, B, D]`, what both draws of the layer came from


class Draw(NamedTuple):
  """All of the randomness of one estimate."""

  samples: Samples  # the K samples of the reported bound, gradient stopped
  pairs: tuple[Pair, ...] = ()  # coupled estimators: one per layer
  extras: Any = None  # whatever else one estimator needs


class Surrogate(NamedTuple):
  """What is differentiated, and what is reported."""

  loss: tf.Tensor  # `[B]`; value == -bound, gradient == the estimate
  bound: tf.Tensor  # `[B]`, nats, no gradient
  log_weights: tf.Tensor  # `[K, B]`, nats, no gradient


@runtime_checkable
class Estimator(Protocol):
  """A Monte Carlo objective together with the estimate of its gradient.

  `draw` holds all of the randomness; `surrogate` is deterministic.
  """

  @property
  def num_samples(self) -> int:
    """The samples in the bound that it reports: K of L_K, or of a mean."""

  @property
  def unbiased_for(self) -> str | None:
    """'elbo', 'iwae' or None: what the posterior gradient estimates."""

  def evaluations(self, posterior: Any) -> int:
    """Returns the calls of log_joint per example and step."""

  def draw(self, log_joint: LogJoint, posterior: Any, *, seed: Seed) -> Draw:
    """Returns everything random that `surrogate` needs."""

  def surrogate(
    self, log_joint: LogJoint, posterior: Any, draw: Draw
  ) -> Surrogate:
    """Returns the per-example loss whose gradient is the estimate."""
