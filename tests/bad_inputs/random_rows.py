"""Bad inputs of the door to random numbers, beside those of its own test."""

from __future__ import annotations

import tensorflow as tf

from tests.bad_inputs import row
from tf_mco import random

ROWS = [
  *row.each(
    'split-num',
    lambda v: random.split(7, v),
    row.NOT_POSITIVE,
    '`num` must be an integer of at least 1',
  ),
  *row.each(
    'uniform-dtype',
    lambda v: random.uniform([2], dtype=v, seed=0),
    {
      'half': tf.float16,
      'brain': tf.bfloat16,
      'integers': tf.int32,
      'text': 'float32x',
      'none': None,
    },
    'Random numbers are float32 or float64',
  ),
  *row.each(
    'normal-dtype',
    lambda v: random.normal([2], dtype=v, seed=0),
    {'half': tf.float16, 'integers': tf.int64, 'none': None},
    'Random numbers are float32 or float64',
  ),
  *row.each(
    'integer_seed',
    random.integer_seed,
    {**row.NOT_SEEDS, 'tensor': tf.constant([1, 2]), 'negative': -(2**63) - 1},
    '`seed` must be an integer',
  ),
]
