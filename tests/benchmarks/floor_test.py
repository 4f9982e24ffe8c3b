"""Tests of the count of operations."""

import pytest

from benchmarks import clock
from benchmarks import floor


def test_linear_step_of_the_published_network_is_94_megaflops():
  # Products of 50 x 784 x 200: two in the encoder, two per decoded half.
  products = floor.step_products(50, 2, pixels=784, units=200, hidden=[])
  flops = floor.flops(products)
  assert flops == 2 * 50 * 784 * 200 * (2 + 2 * 2)
  assert flops == pytest.approx(94e6, rel=0.01)


def test_hidden_layers_also_pass_a_gradient_down():
  rows, widths = 10, [3, 5, 7]
  first, second = 2 * rows * 3 * 5, 2 * rows * 5 * 7
  products = floor.dense_products(rows, widths)
  assert floor.flops(products) == 2 * first + 3 * second
  whole = floor.dense_products(rows, widths, input_gradient=True)
  assert floor.flops(whole) == 3 * first + 3 * second


def test_products_have_the_shapes_of_the_layers_gradients():
  assert floor.dense_products(10, [3, 5], input_gradient=True) == [
    floor.Product(10, 3, 5),
    floor.Product(3, 10, 5, 'a'),
    floor.Product(10, 5, 3, 'b'),
  ]


def test_every_product_counts_and_equal_ones_are_measured_once(monkeypatch):
  measured = []

  def measure(work, units, repeats):
    work()  # a product that cannot be formed fails here
    measured.append(units * repeats)
    return clock.Cost(0.5, 1.0)

  monkeypatch.setattr(clock, 'measure', measure)
  products = floor.dense_products(2, [3, 4, 3, 4], input_gradient=True)
  assert floor.seconds(products) == 0.5 * 9
  assert len(measured) == 6
