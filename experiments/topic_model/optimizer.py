"""Adam for parameters that keep their first values for a while."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
class BurnInAdam(keras.optimizers.Adam):
  """Adam that sees gradients of zero in its first steps.

  Moments and parameters keep their first values exactly during these steps. A
  run that is taken up does the same, because the count of steps decides. As in
  the original topic model, the bias correction counts the first steps too.

  Args:
    learning_rate: the rate after the first steps.
    burn_in_steps: the number of steps that change nothing.
    **kwargs: of `keras.optimizers.Adam`.
  """

  def __init__(
    self,
    learning_rate: Any = 1e-3,
    *,
    burn_in_steps: int = 0,
    **kwargs: Any,
  ):
    super().__init__(learning_rate, **kwargs)
    self.burn_in_steps = burn_in_steps

  def update_step(
    self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor
  ) -> None:
    """Updates a variable, unless it is too early."""
    step = tf.convert_to_tensor(self.iterations)
    active = tf.cast(step >= self.burn_in_steps, gradient.dtype)
    super().update_step(gradient * active, variable, learning_rate)

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'burn_in_steps': self.burn_in_steps}
