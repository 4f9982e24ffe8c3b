"""Memory that a compiled function needs for a batch, on Linux."""

from __future__ import annotations

from collections.abc import Callable
import os

import tensorflow as tf


def batch_megabytes(
  work: Callable[[tf.Tensor], object], batch: tf.Tensor, *, repeats: int = 3
) -> float:
  """Returns how much resident memory a batch needs beyond that of one example.

  TensorFlow keeps what it has allocated, so that growth is the peak; tracing
  and the rewriting of graphs are over after the first example.

  Args:
    work: not called before; of batches of any size, in one trace.
    batch: `[B, ...]`.
    repeats: calls with the batch.
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
