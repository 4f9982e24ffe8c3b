"""Whether TensorFlow can multiply matrices of bfloat16 at all."""

from __future__ import annotations

import functools
import os
import subprocess
import sys

_PRODUCT = """
import tensorflow as tf
ones = tf.ones([4, 4], tf.bfloat16)
tf.linalg.matmul(ones, ones).numpy()
"""


@functools.cache
def multiplies_bfloat16() -> bool:
  """Returns whether a process survives a product of bfloat16 matrices.

  TensorFlow 2.21 asks the CPU, and not oneDNN, whether bfloat16 is supported.
  Where oneDNN is held to an older instruction set than the CPU's by
  ONEDNN_MAX_CPU_ISA, the product is a segmentation fault. A process of its own
  tries, and only where the variable is set.
  """
  if 'ONEDNN_MAX_CPU_ISA' not in os.environ:
    return True
  trial = subprocess.run(
    [sys.executable, '-c', _PRODUCT], capture_output=True, check=False
  )
  return trial.returncode == 0
