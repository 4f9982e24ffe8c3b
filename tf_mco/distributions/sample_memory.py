"""What a sample remembers of its draw, beyond the number that it holds.

A positive sample may be too small for its dtype, and a normal sample may lie
closer to its location than the dtype can tell. The sample then remembers its
logarithm, or the noise from which it came, as an attribute of the tensor, just
as the bijectors of TFP remember the input of their last output. A density that
asks for the memory gets the number that the sample could not hold.

An operation on the tensor, such as a reshape or a slice, makes a new tensor
without memory. What that means is said in `log_sample` and in `normal_noise`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

_ATTRIBUTE = '_tf_mco_memory'


class Memory(NamedTuple):
  """Tensors of the shape of the sample, without gradient, or None."""

  log: tf.Tensor | None = None  # log x
  log_complement: tf.Tensor | None = None  # log(1 - x)
  noise: tf.Tensor | None = None  # (x - loc) / scale
  # The tensors of parameters with which the sample was drawn, to be recognized.
  source: tuple[tf.Tensor, ...] = ()


_NOTHING = Memory()

# What a component without memory has in the memory of a vector, in the order of
# the parts. A noise of NaN is no noise: the density takes the sample as it is.
_SUBSTITUTES: tuple[Callable[[tf.Tensor], tf.Tensor], ...] = (
  tf.math.log,
  lambda x: tf.math.log1p(-x),
  lambda x: tf.fill(tf.shape(x), tf.constant(float('nan'), x.dtype)),
)


def of(sample: tf.Tensor) -> Memory:
  """Returns the memory of a sample, which is empty for most tensors."""
  return getattr(sample, _ATTRIBUTE, _NOTHING)


def remember(sample: tf.Tensor, memory: Memory) -> tf.Tensor:
  """Returns the sample, which from now on has the memory.

  Args:
    sample: any tensor but one that others hold already.
    memory: the gradient of its tensors is stopped.
  """
  # Serves the parameters: their gradient flows through the sample, and must not
  # flow a second time through its memory.
  log, log_complement, noise = (
    None if part is None else tf.stop_gradient(part) for part in memory[:3]
  )
  memory = Memory(log, log_complement, noise, memory.source)
  setattr(sample, _ATTRIBUTE, memory)
  return sample


def like(tensor: tf.Tensor, source: tf.Tensor) -> tf.Tensor:
  """Returns `tensor`, which from now on has the memory of `source`.

  Args:
    tensor: has the value of `source`, for example its identity.
    source: a sample, with a memory or without.
  """
  memory = of(source)
  if memory is not _NOTHING and tensor is not source:
    setattr(tensor, _ATTRIBUTE, memory)
  return tensor


def stop_gradient(sample: tf.Tensor) -> tf.Tensor:
  """Returns a sample with its memory, and without its gradient.

  The gradient is that in the parameters of the posterior.
  """
  return like(tf.stop_gradient(sample), sample)


def stack(samples: Sequence[tf.Tensor]) -> tf.Tensor:
  """Returns scalar samples as one vector, along a new last axis.

  The vector remembers what its components remember. See `unstack`.
  """
  vector = tf.stack(samples, axis=-1)
  memories = [of(sample) for sample in samples]
  if all(memory is _NOTHING for memory in memories):
    return vector
  parts = zip(*(memory[:3] for memory in memories), strict=True)
  log, log_complement, noise = (
    _stacked(samples, part, substitute)
    for part, substitute in zip(parts, _SUBSTITUTES, strict=True)
  )
  return remember(vector, Memory(log, log_complement, noise))


def _stacked(
  samples: Sequence[tf.Tensor],
  parts: Sequence[tf.Tensor | None],
  substitute: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor | None:
  """Returns one part of the memories of samples as a vector, or None."""
  if all(part is None for part in parts):
    return None
  return tf.stack(
    [
      substitute(sample) if part is None else part
      for sample, part in zip(samples, parts, strict=True)
    ],
    axis=-1,
  )


def unstack(vector: tf.Tensor, size: int) -> list[tf.Tensor]:
  """Returns the components of a vector along its last axis, with memory.

  Args:
    vector: `[..., size]`; gradients flow to it.
    size: the number of components.
  """
  components = tf.unstack(vector, num=size, axis=-1)
  memory = of(vector)
  if memory is _NOTHING:
    return components
  parts = [
    [None] * size if part is None else tf.unstack(part, num=size, axis=-1)
    for part in memory[:3]
  ]
  return [
    remember(component, Memory(*memories))
    for component, memories in zip(
      components, zip(*parts, strict=True), strict=True
    )
  ]
