"""The gradient that is measured: that of a loss, as a function of a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import contextlib
from typing import NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from tf_mco import estimators
from tf_mco import models
from tf_mco import random
from tf_mco import registry
from tf_mco import types
from tf_mco.models import observations
from tf_mco.models import training_step

_Value = TypeVar('_Value')


class GradientSource(NamedTuple):
  """A loss at fixed parameters, and the parameters it is differentiated in.

  Each seed gives one draw of the gradient of the mean loss. Use `model_source`
  for a `LatentVariableModel`, and this class for any other loss.

  #### Example

  The gradient of E[z^2], z ~ N(mu, 1), by the path of the sample, is 2 z.

  >>> import tensorflow as tf
  >>> import tf_mco
  >>> mu = tf.Variable([1.0, 2.0])
  >>> def loss(seed):
  ...   noise = tf_mco.random.normal([2], dtype=tf.float32, seed=seed)
  ...   return (mu + noise) ** 2  # one number for each of two examples
  >>> source = tf_mco.diagnostics.GradientSource(loss, {'mu': [mu]})
  >>> (gradient,) = source.gradients(tf.constant([0, 1]))
  >>> gradient.shape.as_list()
  [2]

  Attributes:
    loss: Maps a seed, int32 `[2]`, to the loss of each example, `[B]`, whose
      mean is differentiated. All randomness of the loss comes from the seed.
    groups: The trainable variables, of TensorFlow or Keras, by group.
    evaluations: The calls of log_joint per example and draw, if they are known,
      for comparisons at equal cost.
    preserved: Variables that a draw may change, such as the running moments of
      a normalization. A measurement puts them back to their values.
  """

  loss: Callable[[tf.Tensor], tf.Tensor]
  groups: Mapping[str, Sequence[training_step.Variable]]
  evaluations: int | None = None
  preserved: Sequence[training_step.Variable] = ()

  def variables(self) -> list[training_step.Variable]:
    """Returns the variables of all groups, one group after the other."""
    return [v for members in self.groups.values() for v in members]

  def specs(self) -> list[tf.TensorSpec]:
    """Returns the shape and dtype of each variable, and of its gradient."""
    return [tf.TensorSpec(v.shape, v.dtype) for v in self.variables()]

  def by_group(self, values: Sequence[_Value]) -> dict[str, tuple[_Value, ...]]:
    """Returns values by group.

    Args:
      values: One value per variable, in the order of `variables()`.
    """
    remaining = iter(values)
    return {
      group: tuple(next(remaining) for _ in members)
      for group, members in self.groups.items()
    }

  def gradients(self, seed: tf.Tensor) -> list[tf.Tensor]:
    """Returns one draw of the gradient, a tensor for each variable.

    Args:
      seed: int32 `[2]`.
    Raises:
      ValueError: If the loss is not `[B]`, or a variable gets no gradient.
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
    training_step.require_gradients(gradients, variables)
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def check(gradient_source: GradientSource) -> None:
  """Raises ValueError unless every group has variables."""
  if not isinstance(gradient_source, GradientSource):
    raise ValueError(
      '`gradient_source` must be a GradientSource, say '
      f'model_source(model, x). Received: {gradient_source!r}'
    )
  groups = gradient_source.groups
  empty = [group for group, members in groups.items() if not members]
  if empty or not groups:
    raise ValueError(
      'A GradientSource needs groups of at least one variable each. Received: '
      f'{", ".join(empty) + " without any" if empty else "no group"}'
    )


@contextlib.contextmanager
def preserve(variables: Sequence[training_step.Variable]) -> Iterator[None]:
  """Puts variables back to their values when the context is left."""
  values = [tf.identity(v) for v in variables]
  try:
    yield
  finally:
    for variable, value in zip(variables, values, strict=True):
      variable.assign(value)


def model_groups(
  model: models.LatentVariableModel, names: Sequence[str] | None
) -> dict[str, list[training_step.Variable]]:
  """Returns a model's trainable variables by group.

  Args:
    model: A built `LatentVariableModel`.
    names: The groups; None for all that have trainable variables.
  Raises:
    ValueError: For a group that does not exist or has nothing to train.
  """
  groups = model.parameter_groups()
  present = {name: list(group) for name, group in groups.items() if group}
  if names is None:
    return present
  names = listed('groups', names)
  missing = [name for name in names if name not in present]
  if missing or not names:
    raise ValueError(
      'Expected groups with trainable variables, out of '
      f'{", ".join(present)}. Received: groups={list(names)!r}'
    )
  return {name: present[name] for name in names}


def listed(name: str, value: Sequence[str]) -> tuple[str, ...]:
  """Returns a list of names; ValueError for a single name."""
  if isinstance(value, str) or not isinstance(value, Iterable):
    raise ValueError(
      f'`{name}` must be a list of names. Received: {name}={value!r}'
    )
  return tuple(value)


def model_source(
  model: models.LatentVariableModel,
  x: np.ndarray | tf.Tensor,
  *,
  estimator: estimators.Estimator | str | None = None,
  groups: Sequence[str] | None = None,
  include_data_noise: bool = False,
  seed: types.Seed = 0,
) -> GradientSource:
  """Returns the gradient of a model's objective on one batch.

  The networks are called as in training. What a network adds to the loss, such
  as weight decay, is left out, because it has no variance.

  Args:
    model: A `LatentVariableModel`.
    x: `[B, ...]` observations, as given to `fit`.
    estimator: An estimator or its name, in place of the model's own.
    groups: The groups of parameters. By default these are all groups that have
      trainable variables.
    include_data_noise: Whether x is binarized anew for every draw, if the model
      binarizes at all. By default x is binarized once, so that the draws differ
      by the noise of the estimator alone.
    seed: The seed of that one binarization.
  Raises:
    ValueError: For data that the model cannot score, and for unknown groups.

  #### Example

  >>> import numpy as np
  >>> import tf_mco
  >>> model = tf_mco.models.LatentVariableModel(
  ...   tf_mco.layers.BernoulliPosterior(2),
  ...   tf_mco.layers.BernoulliLikelihood(4),
  ...   tf_mco.layers.BernoulliPrior(2),
  ...   'disarm',
  ... )
  >>> source = tf_mco.diagnostics.model_source(
  ...   model, np.eye(4), estimator='reinforce_loo', groups=['encoder']
  ... )
  >>> {name: len(group) for name, group in source.groups.items()}
  {'encoder': 2}
  >>> source.evaluations
  2
  """
  if not isinstance(model, models.LatentVariableModel):
    raise ValueError(
      f'`model` must be a LatentVariableModel. Received: {model!r}'
    )
  if isinstance(estimator, str):
    estimator = registry.get_estimator(estimator)
  estimator = model.estimator if estimator is None else estimator
  estimators.estimator.require(estimator)
  x = tf.constant(observations.admit_array(model, x, 'the measured batch'))
  prepared = model.prepare(x, seed=random.as_seed(seed))

  def loss(draw_seed: tf.Tensor) -> tf.Tensor:
    return model.surrogate(
      x if include_data_noise else prepared,
      estimator=estimator,
      prepared=not include_data_noise,
      training=True,
      seed=draw_seed,
    ).loss

  one_example = model.encode_batch(prepared[:1], prepared=True, seed=0)
  return GradientSource(
    loss,
    model_groups(model, groups),
    estimator.evaluations(one_example.posterior),
    tuple(model.non_trainable_variables),
  )
