"""Executions of many training steps, each as one compiled program."""

from __future__ import annotations

import time
from typing import Protocol, TypeAlias

import tensorflow as tf

from tf_mco.models.array_training import streams

_Logs: TypeAlias = dict[str, tf.Tensor]

# An execution takes about so long by default, in seconds.
_AIM = 0.1
# What is measured takes at least so long, because the start of a program is
# not a part of a step.
_MEASURED = 0.02
# The most steps of an execution by default, and the most examples.
_MOST_STEPS = 1000
_MOST_EXAMPLES = 2**17


class Model(Protocol):
  """A model with a step of training."""

  def train_step(self, data: tf.Tensor) -> _Logs:
    """Makes one step of training on a batch."""

  def get_metrics_result(self) -> _Logs:
    """Returns the metrics."""


class Execution:
  """Makes all steps of a block by one program.

  The array, the parameters, the slots of the optimizer and the metrics stay on
  the device between the steps, because the steps are a loop inside the program.
  What the program holds does not depend on the number of steps.
  """

  def __init__(self, model: Model):
    self._model = model
    self._program = tf.function(
      self._full_steps, jit_compile=True, autograph=False
    )
    self._last_step = tf.function(self._step, jit_compile=True, autograph=False)
    self._run = tf.function(self._make_steps, autograph=False)

  def __call__(self, array: tf.Tensor, block: streams.Block) -> _Logs:
    """Makes the steps of a block.

    Args:
      array: `[N, ...]`, all examples.
      block: which of them each step takes.
    Returns:
      The metrics.
    """
    return self._run(array, block)

  def program(self, array: tf.Tensor, block: streams.Block) -> str:
    """Returns the text of the program that XLA runs."""
    text = self._program.experimental_get_compiler_ir(
      array, block.examples, block.full
    )
    return text(stage='optimized_hlo')

  def length(self, array: tf.Tensor, block: streams.Block) -> int:
    """Returns how many steps take about a tenth of a second.

    The steps that are measured leave no trace, because all variables get their
    values back.
    """
    capacity = block.examples.shape[0]
    run = self._program.get_concrete_function(array, block.examples, block.full)
    variables = run.graph.variables
    values = [tf.identity(variable) for variable in variables]

    def seconds(num: int) -> float:
      start = time.perf_counter()
      logs = self._program(array, block.examples, tf.constant(num))
      for value in logs.values():
        value.numpy()
      return time.perf_counter() - start

    try:
      seconds(1)  # compiles
      step = seconds(1)
      if step < _MEASURED:
        num = min(capacity, int(_MEASURED / step) + 1)
        step = seconds(num) / num
    finally:
      for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return max(1, min(capacity, round(_AIM / step)))

  def _make_steps(self, array: tf.Tensor, block: streams.Block) -> _Logs:
    logs = self._program(array, block.examples, block.full)
    if not block.rest.shape[0]:
      return logs
    return tf.cond(
      block.has_rest,
      lambda: self._last_step(array, block.rest),
      lambda: logs,
    )

  def _full_steps(
    self, array: tf.Tensor, examples: tf.Tensor, num: tf.Tensor
  ) -> _Logs:
    def body(step: tf.Tensor) -> list[tf.Tensor]:
      self._step(array, examples[step])
      return [step + 1]

    tf.while_loop(lambda step: step < num, body, [tf.constant(0)])
    return self._model.get_metrics_result()

  def _step(self, array: tf.Tensor, examples: tf.Tensor) -> _Logs:
    return self._model.train_step(tf.gather(array, examples))


def capacity(batch_size: int) -> int:
  """Returns the most steps of an execution whose length is automatic."""
  return max(1, min(_MOST_STEPS, _MOST_EXAMPLES // batch_size))
