"""Tests of the count of operations."""

import pytest

from benchmarks import clock
from benchmarks import floor


def test_linear_step_of_the_published_network_is_94_megaflops():
  # 4 products of 50 x 784 x 200: two in the encoder, two per decoded half.
  flops = floor.step_flops(50, 2, pixels=784, units=200, hidden=[])
  assert flops == 2 * 50 * 784 * 200 * (2 + 2 * 2)
  assert flops == pytest.approx(94e6, rel=0.01)


def test_hidden_layers_also_pass_a_gradient_down():
  rows, widths = 10, [3, 5, 7]
  first, second = 2 * rows * 3 * 5, 2 * rows * 5 * 7
  assert floor.dense_flops(rows, widths) == 2 * first + 3 * second
  whole = floor.dense_flops(rows, widths, input_gradient=True)
  assert whole == 3 * first + 3 * second


def test_rate_of_a_product_is_that_of_its_own_time(monkeypatch):
  monkeypatch.setattr(
    clock, 'measure', lambda work, units, repeats: clock.Cost(0.5, 1.0)
  )
  assert floor.matmul_rate(2, 3, 4) == 2 * 2 * 3 * 4 / 0.5


def test_laps_are_medians_per_unit(monkeypatch):
  times = iter([(0.0, 0.0), (9.0, 9.0), (11.0, 10.0), (13.0, 14.0)])
  monkeypatch.setattr(clock, '_now', lambda: next(times))
  laps = clock.Laps()
  for _ in range(4):
    laps.lap()
  assert laps.cost(units=2, skip=1) == clock.Cost(1.0, 1.25)
