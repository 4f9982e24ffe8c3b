"""What is measured: the gradient of a loss, as a function of a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
from typing import Any, NamedTuple

import tensorflow as tf

from tf_mco import estimators
from tf_mco import random
from tf_mco import registry
from tf_mco import types
from tf_mco.models import data as data_lib


class GradientSource(NamedTuple):
  """A loss at fixed parameters, and the parameters it is differentiated in."""

  # Maps a seed, int32 `[2]`, to the loss of each example, `[B]`, whose mean is
  # differentiated. All of its randomness comes from the seed.
  loss: Callable[[tf.Tensor], tf.Tensor]
  # Trainable `tf.Variable` or `keras.Variable` by group.
  groups: Mapping[str, Sequence[Any]]
  # Calls of log_joint per example and draw, for comparisons at equal cost.
  evaluations: int | None = None
  # Variables that a draw may change, say running moments of a normalization;
  # put back after a measurement.
  preserved: Sequence[Any] = ()

  def variables(self) -> list[Any]:
    """Returns the variables of all groups, one group after the other."""
    return [v for members in self.groups.values() for v in members]

  def specs(self) -> list[tf.TensorSpec]:
    """Returns the shape and dtype of each variable, and of its gradient."""
    return [tf.TensorSpec(v.shape, v.dtype) for v in self.variables()]

  def by_group(self, values: Sequence[Any]) -> dict[str, tuple]:
    """Returns values, one per variable in that order, by group."""
    remaining = iter(values)
    return {
      group: tuple(next(remaining) for _ in members)
      for group, members in self.groups.items()
    }

  def gradients(self, seed: tf.Tensor) -> list[tf.Tensor]:
    """Returns one draw of the gradient, a tensor for each variable.

    Raises:
      ValueError: if the loss is not `[B]`, or a variable gets no gradient.
    """
    variables = self.variables()
    with tf.GradientTape() as tape:
      loss = tf.convert_to_tensor(self.loss(seed))
      if loss.shape.rank != 1:
        raise ValueError(
          'The loss must be [B], one number per example. Received: a tensor '
          f'of shape {loss.shape}'
        )
      mean = tf.reduce_mean(loss)
    gradients = tape.gradient(mean, variables)
    data_lib.require_gradients(gradients, variables)
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def check(source: GradientSource) -> None:
  """Raises ValueError unless every group has variables."""
  empty = [group for group, members in source.groups.items() if not members]
  if empty or not source.groups:
    raise ValueError(
      'A GradientSource needs groups of at least one variable each. Received: '
      f'{", ".join(empty) + " without any" if empty else "no group"}'
    )


@contextlib.contextmanager
def preserve(variables: Sequence[Any]) -> Iterator[None]:
  """Puts variables back to their values when the context is left."""
  values = [tf.identity(v) for v in variables]
  try:
    yield
  finally:
    for variable, value in zip(variables, values, strict=True):
      variable.assign(value)


def model_groups(model: Any, names: Sequence[str] | None) -> dict[str, list]:
  """Returns a model's trainable variables by group.

  Args:
    model: a built `LatentVariableModel`.
    names: the groups; None for all that have trainable variables.
  Raises:
    ValueError: for a group that does not exist or has nothing to train.
  """
  groups = model.parameter_groups()
  present = {name: list(group) for name, group in groups.items() if group}
  if names is None:
    return present
  missing = [name for name in names if name not in present]
  if missing or not names:
    raise ValueError(
      'Expected groups with trainable variables, out of '
      f'{", ".join(present)}. Received: groups={list(names)!r}'
    )
  return {name: present[name] for name in names}


def model_source(
  model: Any,
  x: Any,
  *,
  estimator: estimators.Estimator | str | None = None,
  groups: Sequence[str] | None = None,
  include_data_noise: bool = False,
  seed: types.Seed = 0,
) -> GradientSource:
  """Returns the gradient of a model's objective on one batch.

  The networks are called as in training; what a network adds to the loss,
  such as weight decay, is left out: it has no variance.

  Args:
    model: a `LatentVariableModel`.
    x: `[B, ...]` images, as given to `fit`.
    estimator: in place of the model's own, or its name.
    groups: of parameters; by default all that have trainable variables.
    include_data_noise: binarize x anew for every draw, if the model binarizes
      at all. By default x is binarized once, so that the draws differ by the
      estimator's noise alone.
    seed: of that one binarization.
  Raises:
    ValueError: for data that the model cannot score, and unknown groups.
  """
  data_lib.check(x, model.objective.support, 'the measured batch')
  x = tf.convert_to_tensor(x)
  if not model.built:
    model.build((None, *x.shape[1:]))
  if isinstance(estimator, str):
    estimator = registry.get_estimator(estimator)
  estimator = estimator or model.estimator
  objective = model.objective
  prepared = objective.prepare(x, seed=random.as_seed(seed))
  # Preparing again leaves what is binary, or floating, as it is.
  batch = x if include_data_noise else prepared

  def loss(draw_seed: tf.Tensor) -> tf.Tensor:
    return objective.surrogate(
      batch, estimator=estimator, training=True, seed=draw_seed
    ).loss

  return GradientSource(
    loss,
    model_groups(model, groups),
    estimator.evaluations(objective.encode_batch(prepared[:1]).posterior),
    tuple(model.non_trainable_variables),
  )
