"""Two batches at once, where a compiled program leaves a core idle."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
import os
from typing import TypeVar

import tensorflow as tf

Result = TypeVar('Result')


def num_workers() -> int:
  """Returns how many compiled programs should run at once: one or two.

  XLA splits a matrix product among the cores of a CPU, and computes much of
  what lies between the products on one core. A second program uses the other
  core meanwhile. A GPU and a `tf.distribute.Strategy` get one program.
  """
  alone = tf.config.list_logical_devices('GPU') or tf.distribute.has_strategy()
  if alone or (os.cpu_count() or 1) < 2:
    return 1
  return 2


def in_order(
  calls: Iterable[Callable[[], Result]], workers: int
) -> Iterator[Result]:
  """Yields the results of the calls, in their order.

  At most `workers` calls are under way or wait to be yielded, so that memory
  does not grow with the number of calls. An error of a call is raised in its
  place.

  Args:
    calls: functions without arguments. The iterable itself runs in the thread
      of the caller.
    workers: with 1, every call runs in the thread of the caller.
  """
  if workers == 1:
    for call in calls:
      yield call()
    return
  with futures.ThreadPoolExecutor(workers) as pool:
    pending: collections.deque[futures.Future[Result]] = collections.deque()
    try:
      for call in calls:
        pending.append(pool.submit(call))
        if len(pending) == workers:
          yield pending.popleft().result()
      while pending:
        yield pending.popleft().result()
    finally:
      for future in pending:
        future.cancel()
