"""Gauss-Legendre quadrature over an interval of its own for each element.

The derivative of a sample is an integral over a tail of its distribution.
Where a tail has been cut so that the integrand is smooth and of one scale, a
fixed number of nodes is enough for all digits. A fixed number also means that
there is no loop which ends when the slowest element does, and that the
program is the same for every sample.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import TypeVar

import numpy as np
import tensorflow as tf

# A tensor, or a tuple of tensors.
_Tensors = TypeVar('_Tensors')


def average(
  integrand: Callable[[tf.Tensor], _Tensors],
  length: tf.Tensor,
  *,
  num_nodes: int,
  chunk: int,
) -> _Tensors:
  """Returns the average of `integrand` over [0, length], elementwise.

  The integral is the average times the length.

  Args:
    integrand: maps points s, `[N, ...]`, to values of the same shape, or to a
      tuple of several such integrands that share their work.
    length: `[...]`, the end of each interval. The gradient flows to the length.
    num_nodes: the number of nodes of the rule on the whole interval.
    chunk: how many of the nodes are evaluated at once. A small chunk bounds
      the memory, because `[N, ...]` is several times the size of the samples.
  Returns:
    `[...]`, the average, or a tuple of the averages.
  """
  points, weights = unit_nodes(num_nodes)

  def weighted_sum(start: int) -> _Tensors:
    part = slice(start, start + chunk)
    s = tf.tensordot(tf.constant(points[part], length.dtype), length, 0)
    weight = tf.constant(weights[part], length.dtype)
    return tf.nest.map_structure(
      lambda values: tf.tensordot(weight, values, [[0], [0]]), integrand(s)
    )

  return functools.reduce(_add, map(weighted_sum, range(0, num_nodes, chunk)))


@functools.cache
def unit_nodes(num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns nodes and weights of Gauss-Legendre quadrature on [0, 1]."""
  nodes, weights = np.polynomial.legendre.leggauss(num)
  return (nodes + 1) / 2, weights / 2


def _add(first: _Tensors, second: _Tensors) -> _Tensors:
  """Returns the sums of the tensors at the same places."""
  return tf.nest.map_structure(lambda a, b: a + b, first, second)
