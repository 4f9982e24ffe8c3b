"""The variant of Adamax that the Hamiltonian VAE was trained with."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
class PlainAdamax(keras.optimizers.Optimizer):
  """Adamax without its correction of the first moment's bias.

    m[t] = beta_1 * m[t-1] + (1 - beta_1) * g[t]
    u[t] = max(beta_2 * u[t-1], |g[t]|)
    x[t] = x[t-1] - learning_rate * m[t] / (u[t] + epsilon)

  Its first steps are shorter than those of Adamax: the first step has a tenth
  of the rate.
  """

  def __init__(
    self,
    learning_rate: Any = 5e-4,
    *,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    name: str = 'plain_adamax',
    **kwargs: Any,
  ):
    """Makes the optimizer.

    Args:
      learning_rate: a number or a schedule.
      beta_1: decay of the first moment.
      beta_2: decay of the largest gradient so far.
      epsilon: added to the largest gradient so far.
      name: of the optimizer.
      **kwargs: of `keras.optimizers.Optimizer`.
    """
    super().__init__(learning_rate=learning_rate, name=name, **kwargs)
    self.beta_1 = beta_1
    self.beta_2 = beta_2
    self.epsilon = epsilon

  def build(self, variables: list) -> None:
    """Makes the first moment and the largest gradient."""
    if self.built:
      return
    super().build(variables)
    self._moment, self._largest = self.add_optimizer_variables(
      variables, ['moment', 'largest']
    )

  def update_step(
    self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor
  ) -> None:
    """Makes one step on one variable."""
    index = self._get_variable_index(variable)
    moment, largest = self._moment[index], self._largest[index]
    gradient = tf.cast(gradient, variable.dtype)
    rate = tf.cast(learning_rate, variable.dtype)
    first = moment + (1 - self.beta_1) * (gradient - moment)
    size = tf.maximum(self.beta_2 * largest, tf.abs(gradient))
    self.assign(moment, first)
    self.assign(largest, size)
    self.assign_sub(variable, rate * first / (size + self.epsilon))

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'beta_1': self.beta_1,
      'beta_2': self.beta_2,
      'epsilon': self.epsilon,
    }
