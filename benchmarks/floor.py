"""The least time that the matrix products of a step can take.

Each product of the step is timed by itself, as a compiled call in a graph loop.
The floor is the sum of the times. An execution that is one program can be
faster, because its products need no calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from benchmarks import clock

_CALLS = 100
_REPEATS = 15


class Product(NamedTuple):
  """A product `[rows, inner] @ [inner, columns]`.

  One of the factors may be stored transposed.
  """

  rows: int
  inner: int
  columns: int
  transpose: str = ''  # '', 'a' or 'b'

  @property
  def flops(self) -> int:
    """The operations: a multiplication and an addition for each term."""
    return 2 * self.rows * self.inner * self.columns


def dense_products(
  rows: int, widths: Sequence[int], *, input_gradient: bool = False
) -> list[Product]:
  """Returns the products of dense layers, forward and backward.

  Args:
    rows: the number of rows of the batch.
    widths: the widths of the input and of every layer.
    input_gradient: whether to count the gradient in the input.
  """
  products = []
  for index, width in enumerate(widths[:-1]):
    units = widths[index + 1]
    products.append(Product(rows, width, units))
    products.append(Product(width, rows, units, 'a'))  # in the weights
    if index or input_gradient:
      products.append(Product(rows, units, width, 'b'))
  return products


def step_products(
  batch_size: int,
  evaluations: int,
  pixels: int,
  units: int,
  hidden: Sequence[int],
) -> list[Product]:
  """Returns the products of one step with one stochastic layer.

  The step encodes the batch once and decodes once for each evaluation. Samples
  are discrete, so that no gradient flows back through them.
  """
  encoder = dense_products(batch_size, [pixels, *hidden, units])
  decoder = dense_products(batch_size * evaluations, [units, *hidden, pixels])
  return encoder + decoder


def flops(products: Sequence[Product]) -> int:
  """Returns the operations of all products."""
  return sum(product.flops for product in products)


def seconds(products: Sequence[Product]) -> float:
  """Returns the time of all products, each measured once by itself."""
  times = {product: _seconds(product) for product in set(products)}
  return sum(times[product] for product in products)


def _seconds(product: Product) -> float:
  rows, inner, columns, transpose = product
  shape_a = [inner, rows] if transpose == 'a' else [rows, inner]
  shape_b = [columns, inner] if transpose == 'b' else [inner, columns]
  a = tf.random.stateless_normal(shape_a, [0, 1])
  b = tf.random.stateless_normal(shape_b, [0, 2])
  result = tf.Variable(tf.zeros([rows, columns]))

  @tf.function(jit_compile=True)
  def multiply() -> None:
    result.assign(
      tf.matmul(
        a, b, transpose_a=transpose == 'a', transpose_b=transpose == 'b'
      )
    )

  @tf.function
  def loop() -> None:
    for _ in tf.range(_CALLS):
      multiply()

  return clock.measure(loop, units=_CALLS, repeats=_REPEATS).wall
