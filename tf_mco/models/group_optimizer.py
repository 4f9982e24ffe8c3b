"""One optimizer for each group of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf

# Returns the trainable variables of a model by group.
Groups: TypeAlias = Callable[[], dict[str, list[keras.Variable]]]
# The name of an optimizer, its configuration, or the optimizer itself.
Optimizer: TypeAlias = str | dict[str, Any] | keras.optimizers.Optimizer
# One optimizer for all parameters, or one for each group.
Optimizers: TypeAlias = Optimizer | dict[str, Optimizer]


class GroupOptimizer(keras.optimizers.Optimizer):
  """Updates encoder, decoder and prior, each by an optimizer of its own.

  `LatentVariableModel.compile` makes this optimizer from a dictionary; use the
  dictionary unless you train in a loop of your own. `iterations` counts the
  steps, which all groups share. `learning_rate` is that of the first group, and
  setting it, as ReduceLROnPlateau does, scales the rates of all groups by the
  same factor.

  #### Example

  >>> import keras
  >>> import tf_mco
  >>> encoder, decoder = keras.Variable([1.0]), keras.Variable([1.0])
  >>> optimizer = tf_mco.models.GroupOptimizer(
  ...   {
  ...     'encoder': keras.optimizers.SGD(0.5),
  ...     'decoder': keras.optimizers.SGD(0.25),
  ...   },
  ...   groups=lambda: {'encoder': [encoder], 'decoder': [decoder]},
  ... )
  >>> _ = optimizer.apply([[1.0], [1.0]], [encoder, decoder])
  >>> float(encoder[0]), float(decoder[0])
  (0.5, 0.75)
  """

  def __init__(
    self,
    optimizers: Mapping[str, keras.optimizers.Optimizer],
    groups: Groups,
  ):
    """Makes the optimizer.

    Args:
      optimizers: The optimizer of each group.
      groups: A function that returns the trainable variables by group.
    """
    super().__init__(learning_rate=1.0, name='group_optimizer')
    self.by_group = dict(optimizers)
    self._groups = groups

  def build(self, variables: Sequence[keras.Variable]) -> None:
    """Makes the slots of each group's optimizer.

    Raises:
      ValueError: If a variable belongs to no group, or a group with variables
        has no optimizer.
    """
    if self.built:
      return
    groups = self._groups()
    known = {id(v) for group in groups.values() for v in group}
    for variable in variables:
      if id(variable) not in known:
        raise ValueError(
          'A trainable variable belongs to no group of '
          f'{", ".join(groups)}. Received: {variable.path}'
        )
    for name, members in groups.items():
      if members and name not in self.by_group:
        raise ValueError(
          f'`optimizer` must name every group with trainable variables: '
          f'{", ".join(n for n, m in groups.items() if m)}. Received: '
          f'{", ".join(self.by_group)}'
        )
    for name, optimizer in self.by_group.items():
      optimizer.build(groups[name])
    super().build(variables)

  @property
  def variables(self) -> list[keras.Variable]:
    """The count of steps, and the variables of every group's optimizer."""
    variables = [self._iterations]
    for name in sorted(self.by_group):
      variables.extend(self.by_group[name].variables)
    return variables

  @property
  def learning_rate(self) -> float | tf.Tensor | keras.Variable:
    """The first group's rate; setting it scales every group's."""
    return next(iter(self.by_group.values())).learning_rate

  @learning_rate.setter
  def learning_rate(self, value: float) -> None:
    present = float(self.learning_rate)
    for optimizer in self.by_group.values():
      rate = float(optimizer.learning_rate)
      # A rate of 0, at the start of a warm-up, has no ratio to keep.
      optimizer.learning_rate = rate * value / present if present else value

  def apply(
    self,
    grads: Sequence[tf.Tensor],
    trainable_variables: Sequence[keras.Variable] | None = None,
  ) -> keras.Variable:
    """Applies each gradient by its group's optimizer.

    Args:
      grads: A gradient for each variable.
      trainable_variables: The variables; by default those of `build`.
    Returns:
      The count of steps.
    """
    variables = trainable_variables or self._trainable_variables
    self.build(list(variables))
    gradient_of = {id(v): g for v, g in zip(variables, grads, strict=True)}
    for name, members in self._groups().items():
      present = [v for v in members if id(v) in gradient_of]
      if present:
        self.by_group[name].apply(
          [gradient_of[id(v)] for v in present], present
        )
    self._iterations.assign_add(1)
    return self._iterations

  def finalize_variable_values(self, var_list: list[keras.Variable]) -> None:
    """Lets every group's optimizer write its averages, if it keeps any."""
    del var_list
    for name, members in self._groups().items():
      if members:
        self.by_group[name].finalize_variable_values(members)

  def get_config(self) -> dict[str, Any]:
    """Returns each group's configuration; the model knows the groups."""
    serialize = keras.optimizers.serialize
    return {name: serialize(o) for name, o in self.by_group.items()}


def get(
  optimizer: Optimizers | GroupOptimizer, groups: Groups
) -> keras.optimizers.Optimizer:
  """Returns an optimizer from the argument of `compile`.

  Args:
    optimizer: Anything that `keras.optimizers.get` takes, for all parameters;
      or a dictionary with one of these for each group.
    groups: A function that returns the trainable variables by group.
  Raises:
    ValueError: For what is no optimizer, for a group that does not exist, and
      for an optimizer of a group that scales the loss, because there is one
      loss for all groups.
  """
  if isinstance(optimizer, GroupOptimizer):
    optimizer = optimizer.by_group
  # A dictionary with a class name is the configuration of a single optimizer.
  if not isinstance(optimizer, dict) or 'class_name' in optimizer:
    return _one(optimizer)
  names = groups()
  unknown = sorted(set(optimizer) - set(names))
  if unknown or not optimizer:
    raise ValueError(
      '`optimizer` by group must have keys out of '
      f'{", ".join(names)}. Received: {", ".join(optimizer) or "none"}'
    )
  by_group = {name: _one(o) for name, o in optimizer.items()}
  scaled = [n for n, o in by_group.items() if float(o.scale_loss(1.0)) != 1]
  if scaled:
    raise ValueError(
      'All groups share one loss; no group can have a `loss_scale_factor` of '
      f'its own. Received: a loss_scale_factor for {", ".join(scaled)}'
    )
  return GroupOptimizer(by_group, groups)


def _one(optimizer: Any) -> keras.optimizers.Optimizer:
  """Returns a single optimizer from what Keras takes for one."""
  found, reason = None, ''
  try:
    found = keras.optimizers.get(optimizer)
  except (TypeError, ValueError) as error:
    reason = f' ({error})'
  if found is None:
    raise ValueError(
      "`optimizer` must be an optimizer of Keras, or its name, say 'adam'. "
      f'Received: optimizer={optimizer!r}{reason}'
    )
  return found


def to_config(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
  """Returns the configuration that `from_config` reads.

  The state of the optimizer is not part of it.
  """
  # In half precision Keras wraps the optimizer to scale the loss. `compile`
  # does so again, so that the wrapper need not be written.
  if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
    optimizer = optimizer.inner_optimizer
  if isinstance(optimizer, GroupOptimizer):
    return {'groups': optimizer.get_config()}
  return keras.saving.serialize_keras_object(optimizer)


def from_config(config: dict[str, Any]) -> Optimizers:
  """Returns the argument of `get`: an optimizer, or one for each group."""
  deserialize = keras.saving.deserialize_keras_object
  if 'groups' in config:
    return {name: deserialize(one) for name, one in config['groups'].items()}
  return deserialize(config)
