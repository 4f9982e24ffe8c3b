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


def integrate(
  integrand: Callable[[tf.Tensor], _Tensors],
  length: tf.Tensor,
  *,
  num_nodes: int,
  chunk: int,
) -> _Tensors:
  """Returns the integral of `integrand` over [0, length], elementwise.

  Args:
    integrand: maps points s, `[N, ...]`, to values of the same shape, or to a
      tuple of several such integrands that share their work.
    length: `[...]`, the end of each interval. The gradient flows.
    num_nodes: the number of nodes of the rule on the whole interval.
    chunk: how many of the nodes are evaluated at once. A small chunk bounds
      the memory, because `[N, ...]` is several times the size of the samples.
  Returns:
    `[...]`, the integral, or a tuple of the integrals.
  """
  points, weights = unit_nodes(num_nodes)
  total = None
  for start in range(0, num_nodes, chunk):
    part = slice(start, start + chunk)
    s = tf.tensordot(tf.constant(points[part], length.dtype), length, 0)
    weight = tf.constant(weights[part], length.dtype)
    sums = tf.nest.map_structure(
      # The weight is bound now: the function must not see a later one.
      lambda values, weight=weight: tf.tensordot(weight, values, [[0], [0]]),
      integrand(s),
    )
    total = sums if total is None else _add(total, sums)
  return tf.nest.map_structure(lambda mean: length * mean, total)


@functools.cache
def unit_nodes(num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns nodes and weights of Gauss-Legendre quadrature on [0, 1]."""
  nodes, weights = np.polynomial.legendre.leggauss(num)
  return (nodes + 1) / 2, weights / 2


def _add(first: _Tensors, second: _Tensors) -> _Tensors:
  return tf.nest.map_structure(lambda a, b: a + b, first, second)
