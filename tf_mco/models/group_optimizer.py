"""One optimizer for each group of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Groups = Callable[[], dict[str, list]]


class GroupOptimizer(keras.optimizers.Optimizer):
  """Updates encoder, decoder and prior each by an optimizer of its own.

  `iterations` counts the steps of all. `learning_rate` is that of the first
  group; setting it (as ReduceLROnPlateau does) scales all by the same factor.
  """

  def __init__(
    self,
    optimizers: dict[str, keras.optimizers.Optimizer],
    groups: Groups,
  ):
    """Makes the optimizer.

    Args:
      optimizers: by group.
      groups: returns the trainable variables by group.
    """
    super().__init__(learning_rate=1.0, name='group_optimizer')
    self.by_group = dict(optimizers)
    self._groups = groups

  def build(self, variables: list) -> None:
    """Makes the slots of each group's optimizer."""
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
  def variables(self) -> list:
    """The count of steps, and the variables of every group's optimizer."""
    own = [self._iterations]
    for name in sorted(self.by_group):
      own.extend(self.by_group[name].variables)
    return own

  @property
  def learning_rate(self) -> Any:
    """The first group's rate; setting it scales every group's."""
    return next(iter(self.by_group.values())).learning_rate

  @learning_rate.setter
  def learning_rate(self, value: float) -> None:
    present = float(self.learning_rate)
    for optimizer in self.by_group.values():
      rate = float(optimizer.learning_rate)
      # A warm-up from 0 has no ratio to keep.
      optimizer.learning_rate = rate * value / present if present else value

  def apply(self, grads: list, trainable_variables: Any = None) -> Any:
    """Applies each gradient by its group's optimizer."""
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

  def finalize_variable_values(self, var_list: list) -> None:
    """Lets every group's optimizer write its averages, if it keeps any."""
    del var_list
    for name, members in self._groups().items():
      if members:
        self.by_group[name].finalize_variable_values(members)

  def get_config(self) -> dict[str, Any]:
    """Returns each group's configuration; the model knows the groups."""
    serialize = keras.optimizers.serialize
    return {name: serialize(o) for name, o in self.by_group.items()}


def get(optimizer: Any, groups: Groups) -> keras.optimizers.Optimizer:
  """Returns an optimizer from what a user gave to `compile`.

  Args:
    optimizer: anything that `keras.optimizers.get` takes, for all parameters;
      or a dictionary of such, by group.
    groups: returns the trainable variables by group.
  Raises:
    ValueError: for a group that does not exist.
  """
  if isinstance(optimizer, GroupOptimizer):
    optimizer = optimizer.by_group
  if not isinstance(optimizer, dict) or 'class_name' in optimizer:
    return keras.optimizers.get(optimizer)
  names = groups()
  unknown = sorted(set(optimizer) - set(names))
  if unknown or not optimizer:
    raise ValueError(
      '`optimizer` by group must have keys out of '
      f'{", ".join(names)}. Received: {", ".join(optimizer) or "none"}'
    )
  made = {name: keras.optimizers.get(o) for name, o in optimizer.items()}
  scaled = [n for n, o in made.items() if float(o.scale_loss(1.0)) != 1]
  if scaled:
    raise ValueError(
      'All groups share one loss; no group can have a `loss_scale_factor` of '
      f'its own. Received: a loss_scale_factor for {", ".join(scaled)}'
    )
  return GroupOptimizer(made, groups)


def to_config(optimizer: Any) -> dict[str, Any]:
  """Returns what `from_config` reads, without the optimizer's state."""
  # `compile` wraps it again where half precision needs a scaled loss.
  own = getattr(optimizer, 'inner_optimizer', optimizer)
  if isinstance(own, GroupOptimizer):
    return {'groups': own.get_config()}
  return keras.saving.serialize_keras_object(own)


def from_config(config: dict[str, Any]) -> Any:
  """Returns what `get` takes: an optimizer, or one by group."""
  deserialize = keras.saving.deserialize_keras_object
  if 'groups' in config:
    return {name: deserialize(one) for name, one in config['groups'].items()}
  return deserialize(config)
