"""Elementwise work on a large tensor, a part at a time where that helps.

A graph that is not compiled keeps the results of many operations at once, so
that a sampler of a hundred operations would need a multiple of the memory of
its samples. Parts that fit into the cache of the processor are also faster.
XLA fuses the operations and needs no parts, and a graphics processor wants a
large tensor at once.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import uuid

import tensorflow as tf

from tf_mco import philox

_SIZE = 2**15  # elements of a part
_MULTIPLE = 4  # `random.bits` starts at multiples of it


def elementwise(
  function: Callable[..., tf.Tensor], *tensors: tf.Tensor
) -> tf.Tensor:
  """Returns `function(start, *tensors)`, computed in parts on a CPU.

  Args:
    function: maps the index of the first element and parts of the tensors, of
      one shape, to a tensor of that shape and of the dtype of the first tensor.
      The index is an int32 tensor, or None if the part is the whole.
    *tensors: of one shape. No gradient flows to them.
  """
  # Serves no parameter: the callers attach a gradient to the result.
  tensors = tuple(tf.stop_gradient(tensor) for tensor in tensors)
  like = tensors[0]
  known = like.shape.num_elements()
  small = known is not None and known <= _SIZE
  if small or tf.executing_eagerly() or philox.is_compiled():
    return function(None, *tensors)
  result = _chosen_by_device(
    functools.partial(function, None),
    lambda *whole: _in_parts(function, whole),
    tensors,
  )
  return tf.ensure_shape(result, like.shape)


def _chosen_by_device(
  anywhere: Callable[..., tf.Tensor],
  on_cpu: Callable[..., tf.Tensor],
  tensors: tuple[tf.Tensor, ...],
) -> tf.Tensor:
  """Returns `on_cpu(*tensors)` on a CPU without XLA, or `anywhere(*tensors)`.

  TensorFlow replaces the call of a function by another implementation of the
  same name if that prefers the device of the call. A function that was traced
  outside of XLA may still be called within, and XLA then compiles the function
  as it is called. Without the rewriting of graphs the result is the same, too.
  """
  name = f'elementwise_{uuid.uuid4().hex}'
  default = tf.function(
    anywhere,
    autograph=False,
    experimental_attributes={'api_implements': name},
  )
  special = tf.function(
    on_cpu,
    autograph=False,
    experimental_attributes={
      'api_implements': name,
      'api_preferred_device': 'CPU',
    },
  )
  special.get_concrete_function(*tensors).add_to_graph()
  return default(*tensors)


def _in_parts(
  function: Callable[..., tf.Tensor], tensors: tuple[tf.Tensor, ...]
) -> tf.Tensor:
  """Returns the result of the function, computed in parts of equal size."""
  shape, total = tf.shape(tensors[0]), tf.size(tensors[0])
  num = tf.maximum(-(-total // _SIZE), 1)
  size = -(-total // (num * _MULTIPLE)) * _MULTIPLE
  # The last part is filled up with ones, which any function here takes.
  padding = [[0, num * size - total]]
  flat = [
    tf.pad(tf.reshape(tensor, [-1]), padding, constant_values=1)
    for tensor in tensors
  ]

  def compute(start: tf.Tensor) -> tf.Tensor:
    return function(start, *(tensor[start : start + size] for tensor in flat))

  computed = tf.map_fn(
    compute,
    tf.range(num) * size,
    parallel_iterations=1,
    fn_output_signature=tf.TensorSpec(None, tensors[0].dtype),
  )
  return tf.reshape(tf.reshape(computed, [-1])[:total], shape)
