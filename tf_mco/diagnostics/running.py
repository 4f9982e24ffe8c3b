"""Exponentially weighted mean and variance of gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math

import numpy as np
import tensorflow as tf

from tf_mco.models import training_step
from tf_mco.ops import checks


class RunningVariance(tf.Module):
  """Exponentially weighted mean and variance of gradients, by group.

  With the weights w[i] proportional to decay^(t - i), which add up to 1,

    mean = sum_i w[i] g[i],  variance = sum_i w[i] g[i]^2 - mean^2.

  Attributes:
    steps: int64, the number of training steps seen so far.
    means: A list of variables for each group.
    variances: A list of variables for each group.
  """

  def __init__(self, decay: float, every: int):
    """Makes the state; `build` adds the variables of each group."""
    super().__init__(name='running_variance')
    decay = checks.between('decay', decay, 0, 1)
    every = checks.at_least('every', every, 1)
    self.decay, self.every = float(decay), every
    self.steps = tf.Variable(0, trainable=False, dtype=tf.int64, name='steps')
    self.means: dict[str, list[tf.Variable]] = {}
    self.variances: dict[str, list[tf.Variable]] = {}

  def build(
    self, groups: Mapping[str, Sequence[training_step.Variable]]
  ) -> None:
    """Makes a mean and a variance for each variable, once.

    Raises:
      ValueError: If the state was built for variables of other shapes before.
    """
    if not self.means:
      for name, members in groups.items():
        self.means[name] = [_zeros(v) for v in members]
        self.variances[name] = [_zeros(v) for v in members]
    shapes = {n: [tuple(v.shape) for v in g] for n, g in groups.items()}
    shapes_before = {
      n: [tuple(v.shape) for v in g] for n, g in self.means.items()
    }
    if shapes != shapes_before:
      raise ValueError(
        'The running variance continues from the run before, and belongs to '
        f'variables of shapes {shapes_before}. Received: {shapes}'
      )

  def update(self, gradients: Mapping[str, Sequence[tf.Tensor]]) -> None:
    """Takes in the gradients of a step; it is compiled with the step."""
    step = tf.convert_to_tensor(self.steps)
    if self.every == 1:
      self._observe(gradients, step)
    else:
      tf.cond(
        step % self.every == 0,
        lambda: self._observe(gradients, step // self.every),
        lambda: step,
      )
    self.steps.assign_add(1)

  def _observe(
    self, gradients: Mapping[str, Sequence[tf.Tensor]], observed: tf.Tensor
  ) -> tf.Tensor:
    for name, members in gradients.items():
      for gradient, mean, variance in zip(
        members, self.means[name], self.variances[name], strict=True
      ):
        rate = self._rate(observed, mean.dtype)
        gap = tf.cast(gradient, mean.dtype) - mean
        # This is EMA[g^2] - EMA[g]^2 without the difference of two large
        # numbers, which float32 could not resolve.
        variance.assign((1 - rate) * (variance + rate * tf.square(gap)))
        mean.assign_add(rate * gap)
    return observed

  def _rate(self, observed: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Returns the weight of an observation after `observed` others.

    Let t = `observed` + 1 be the count with this one. Then the weight
    (1 - decay) / (1 - decay^t) makes the weights of all t add up to one.
    """
    count = tf.cast(observed + 1, dtype)
    total = -tf.math.expm1(count * math.log(self.decay))
    # The first weight is 1, and rounding could make it larger.
    return tf.minimum((1 - self.decay) / total, 1)

  def result(self) -> dict[str, float]:
    """Returns the mean of the variances over all entries, by group."""
    mean_entries = {}
    for name, members in self.variances.items():
      arrays = [np.asarray(v, np.float64) for v in members]
      size = sum(array.size for array in arrays)
      mean_entries[name] = float(sum(np.sum(array) for array in arrays)) / size
    return mean_entries


def _zeros(variable: training_step.Variable) -> tf.Variable:
  zeros = tf.zeros(variable.shape, variable.dtype)
  return tf.Variable(zeros, trainable=False)
