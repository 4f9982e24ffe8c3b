"""Optimizer and learning rates of the importance weighted autoencoders.

Burda, Grosse and Salakhutdinov (2016), section 5 and their code: training
passes through eight phases, each with a learning rate of its own.
"""

from __future__ import annotations

import itertools
from typing import Any

import keras
import tensorflow as tf

_PHASES = 8


def phase_rates(first: float = 1e-3) -> list[float]:
  """Returns the learning rates of the eight phases, from `first` to a tenth.

  Args:
    first: the rate of the first phase, 1e-3 in the paper.
  """
  return [
    first * round(10.0 ** (1 - (phase - 1) / 7), 1) / 10
    for phase in range(1, _PHASES + 1)
  ]


def phase_ends(first: int, growth: float) -> list[int]:
  """Returns the step after which each phase ends.

  Args:
    first: the steps of the first phase.
    growth: the steps of a phase times `growth` are the steps of the next phase.
      It is 3 in the paper, whose first phase is one epoch.
  """
  lengths = [round(first * growth**phase) for phase in range(_PHASES)]
  return list(itertools.accumulate(lengths))


def phased_rate(
  rate: float, first: int, growth: float
) -> keras.optimizers.schedules.LearningRateSchedule:
  """Returns the learning rate by step. The rate of the last phase goes on.

  Args:
    rate: the rate of the first phase.
    first: the steps of the first phase.
    growth: see `phase_ends`.
  """
  # Keras counts steps from 0, and changes the rate after a boundary.
  boundaries = [end - 1 for end in phase_ends(first, growth)[:-1]]
  return keras.optimizers.schedules.PiecewiseConstantDecay(
    boundaries, phase_rates(rate)
  )


@keras.saving.register_keras_serializable(package='tf_mco_experiments')
class BurdaAdam(keras.optimizers.Optimizer):
  """Adam as in the code of Burda et al., for gradients summed over a batch.

  With g[t] the gradient of step t = 1, 2, ... and m[0] = 0, v[0] = 1:

    rate[t] = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
    x[t] = x[t-1] - rate[t] * m[t-1] / (sqrt(v[t-1]) + epsilon)
    m[t] = beta_1 * m[t-1] + (1 - beta_1) * g[t]
    v[t] = beta_2 * v[t-1] + (1 - beta_2) * g[t]^2

  It differs from the Adam of Kingma and Ba in the second moment, which starts
  at 1, in beta_1 and epsilon, and in that a step uses the moments from before
  its gradient, so that the first step does not move the parameters.
  """

  def __init__(
    self,
    learning_rate: Any = 1e-3,
    *,
    gradient_scale: float = 1.0,
    beta_1: float = 0.99,
    beta_2: float = 0.999,
    epsilon: float = 1e-4,
    name: str = 'burda_adam',
    **kwargs: Any,
  ):
    """Makes the optimizer.

    Args:
      learning_rate: a number or a schedule.
      gradient_scale: gradients are multiplied by it. The batch size turns the
        mean over a batch into a sum. This makes a difference, because the
        initial second moment and epsilon are on the scale of the gradient.
      beta_1: decay of the first moment.
      beta_2: decay of the second moment.
      epsilon: added to the root of the second moment.
      name: of the optimizer.
      **kwargs: of `keras.optimizers.Optimizer`.
    """
    super().__init__(learning_rate=learning_rate, name=name, **kwargs)
    self.gradient_scale = gradient_scale
    self.beta_1 = beta_1
    self.beta_2 = beta_2
    self.epsilon = epsilon

  def build(self, variables: list) -> None:
    """Makes both moments."""
    if self.built:
      return
    super().build(variables)
    self._first = [
      self.add_variable_from_reference(variable, 'first_moment')
      for variable in variables
    ]
    self._second = [
      self.add_variable_from_reference(
        variable, 'second_moment', initializer='ones'
      )
      for variable in variables
    ]

  def update_step(
    self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor
  ) -> None:
    """Makes one step on one variable."""
    index = self._get_variable_index(variable)
    first, second = self._first[index], self._second[index]
    dtype = variable.dtype
    gradient = tf.cast(gradient, dtype) * self.gradient_scale
    t = tf.cast(self.iterations + 1, dtype)
    beta_1, beta_2 = (tf.constant(b, dtype) for b in (self.beta_1, self.beta_2))
    rate = tf.cast(learning_rate, dtype)
    rate *= tf.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    step = rate * first / (tf.sqrt(second) + self.epsilon)
    self.assign_sub(variable, step)
    self.assign(first, beta_1 * first + (1 - beta_1) * gradient)
    self.assign(second, beta_2 * second + (1 - beta_2) * tf.square(gradient))

  def get_config(self) -> dict[str, Any]:
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'gradient_scale': self.gradient_scale,
      'beta_1': self.beta_1,
      'beta_2': self.beta_2,
      'epsilon': self.epsilon,
    }
