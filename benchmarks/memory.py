"""The memory that a compiled function needs for a batch, on Linux."""

from __future__ import annotations

from collections.abc import Callable
import os

import tensorflow as tf


def batch_megabytes(
  work: Callable[[tf.Tensor], object], batch: tf.Tensor, *, repeats: int = 3
) -> float:
  """Returns how much resident memory a batch needs beyond that of one example.

  TensorFlow keeps the memory that it has allocated, so that the growth is the
  peak. Tracing and the rewriting of graphs are over after the first example.

  Args:
    work: a function that was not called before. One trace of it must do for
      batches of all sizes.
    batch: `[B, ...]`.
    repeats: the number of calls with the batch.
  """
  function = tf.function(
    work,
    input_signature=[tf.TensorSpec([None, *batch.shape[1:]], batch.dtype)],
  )
  for _ in range(2):
    function(batch[:1])
  before = _resident()
  for _ in range(repeats):
    function(batch)
  return (_resident() - before) / 2**20


def _resident() -> int:
  with open('/proc/self/statm', encoding='ascii') as file:
    return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
