"""Tests of batches that are computed at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import threading

import numpy as np
import pytest

from tests.support import tiny
from tf_mco import evaluation
from tf_mco.evaluation import concurrency


def test_results_have_the_order_of_the_calls() -> None:
  """The first call waits for the second, so that both must run at once."""
  second_is_done = threading.Event()

  def first() -> str:
    assert second_is_done.wait(timeout=60)
    return 'first'

  def second() -> str:
    second_is_done.set()
    return 'second'

  calls = [first, second, lambda: 'third']
  found = list(concurrency.in_order(calls, 2))
  assert found == ['first', 'second', 'third']


@pytest.mark.parametrize('workers', [1, 2])
def test_only_so_many_calls_are_ahead(workers: int) -> None:
  made: list[int] = []

  def calls() -> Iterator[Callable[[], int]]:
    for index in range(10):
      made.append(index)
      yield lambda index=index: index

  for index in concurrency.in_order(calls(), workers):
    assert len(made) - index <= workers
  assert made == list(range(10))


@pytest.mark.parametrize('workers', [1, 2])
def test_an_error_is_raised_in_its_place(workers: int) -> None:
  def fail() -> int:
    raise ValueError('this one')

  found = []
  with pytest.raises(ValueError, match='this one'):
    for value in concurrency.in_order([lambda: 1, fail, lambda: 3], workers):
      found.append(value)
  assert found == [1]


def test_two_at_once_have_the_bounds_of_one_after_another() -> None:
  """A batch of another size is among them, too."""
  evaluator = evaluation.Evaluator(
    tiny.model(), num_samples=4, jit_compile=False
  )
  found = []
  for workers in (1, 2, 2):
    evaluator._workers = workers
    found.append(evaluator(tiny.images(7), batch_size=2, seed=3))
  assert found[0].shape == (7,)
  np.testing.assert_array_equal(found[1], found[0])
  np.testing.assert_array_equal(found[2], found[0])


def test_one_program_has_a_gpu_or_a_core_for_itself(monkeypatch) -> None:
  monkeypatch.setattr(concurrency.os, 'cpu_count', lambda: 8)
  assert concurrency.num_workers() == 2
  monkeypatch.setattr(concurrency.os, 'cpu_count', lambda: 1)
  assert concurrency.num_workers() == 1
  monkeypatch.setattr(concurrency.os, 'cpu_count', lambda: 8)
  monkeypatch.setattr(
    concurrency.tf.config, 'list_logical_devices', lambda kind: [kind]
  )
  assert concurrency.num_workers() == 1
