"""The parts of a training step: seeds of replicas, gradients, observers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import keras
import tensorflow as tf

from tf_mco import random

Variable: TypeAlias = keras.Variable | tf.Variable


class GradientObserver(Protocol):
  """An object that sees the gradients of every training step.

  `tf_mco.diagnostics.GradientVariance` is one. A model calls `observe` inside
  its compiled step; see `LatentVariableModel.observe_gradients_with`.
  """

  def observe(
    self, gradients: Sequence[tf.Tensor], variables: Sequence[Variable]
  ) -> None:
    """Takes in the gradients of a step, one for each variable."""


def num_replicas() -> int:
  """Returns the number of replicas whose gradients the optimizer adds up."""
  return tf.distribute.get_strategy().num_replicas_in_sync


def replica_seed(seed: tf.Tensor) -> tf.Tensor:
  """Returns a seed of its own for every replica.

  The seed of a single replica is `seed` itself, so that training without
  distribution does not depend on this function.
  """
  if num_replicas() == 1:
    return seed
  replica = tf.distribute.get_replica_context().replica_id_in_sync_group
  return random.fold_in(seed, replica)


def require_gradients(
  gradients: Sequence[tf.Tensor | None], variables: Sequence[Variable]
) -> None:
  """Raises ValueError, naming the variables, if some got no gradient."""
  missing = [
    # Two variables of Keras may share a name, but not a path.
    variable.path if isinstance(variable, keras.Variable) else variable.name
    for variable, gradient in zip(variables, gradients, strict=True)
    if gradient is None
  ]
  if missing:
    raise ValueError(
      'No gradient reached these trainable variables: '
      f'{", ".join(missing)}. A sample drawn outside the GradientTape, a '
      'stopped gradient, or a layer that is not used is the usual reason; '
      'set `trainable = False` on what is not to be trained. Received: a '
      'gradient of None for each of them'
    )


def sum_of_all(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
  """Returns the sum of all entries, which is finite only if every entry is."""
  return tf.add_n([tf.reduce_sum(gradient) for gradient in gradients])
