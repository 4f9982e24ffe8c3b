"""Less memory for more time: a function computed again for its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tf_mco.ops import gradients


def recompute(
  fn: Callable[..., tuple[tf.Tensor, ...]], *inputs: tf.Tensor
) -> tuple[tf.Tensor, ...]:
  """Returns `fn(*inputs)`, whose backward pass starts by computing it again.

  A graph then keeps the inputs, and not the tensors that fn computed on its
  way. Gradients flow to the inputs, to the trainable variables that fn reads,
  and to the other tensors of the graph that fn uses. (`tf.recompute_grad` loses
  the gradients of the latter.) fn may take gradients itself, and the gradient
  of the result may be differentiated again. Eager execution computes once, and
  keeps everything.

  Args:
    fn: a function of floating tensors. It must return the same values when it
      is called again, so that it draws no random numbers of its computed.
    *inputs: the tensors with which fn is called.
  """
  if tf.executing_eagerly():
    return fn(*inputs)
  graph = tf.compat.v1.get_default_graph()
  before = len(graph.get_operations())
  with tf.GradientTape() as watcher:
    outputs = fn(*inputs)
  variables = watcher.watched_variables()
  captured = _captured(graph.get_operations()[before:], inputs)

  @gradients.custom_gradient
  def cut(*tensors: tf.Tensor) -> tuple[tuple[tf.Tensor, ...], Callable]:
    del tensors  # they tell TensorFlow to which tensors the gradient goes

    def backward(*upstream: tf.Tensor) -> list[tf.Tensor]:
      with tf.GradientTape() as tape:
        again = _depending_on(upstream, inputs)
        tape.watch((again, captured))
        result = fn(*again)
      return tape.gradient(
        result,
        [*again, *captured, *variables],
        output_gradients=upstream,
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
      )

    return tuple(outputs), backward

  values = [tf.convert_to_tensor(variable) for variable in variables]
  return cut(*inputs, *captured, *values)


def _captured(
  operations: Sequence[Any], inputs: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
  """Returns the tensors that operations use and neither receive nor compute."""
  computed = {output.ref() for op in operations for output in op.outputs}
  computed |= {tensor.ref() for tensor in inputs}
  used = {tensor.ref(): tensor for op in operations for tensor in op.inputs}
  return [
    tensor
    for ref, tensor in used.items()
    if ref not in computed and tensor.dtype.is_floating
  ]


def _depending_on(
  upstream: Sequence[tf.Tensor], inputs: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
  """Returns the inputs, known only when the backward pass gets there.

  A compiler would otherwise find that fn has been computed before, and would
  keep the tensors of that computation in memory.
  """
  zero = 0.0 * tf.add_n([tf.reduce_sum(tensor) for tensor in upstream])
  return [tensor + zero for tensor in inputs]
