"""Effective sample size: the published example, the extremes, bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_mco import evaluation

_V1 = [0.3, -1.2, 2.0, 0.5]


def test_example() -> None:
  """CASES.md V1, beside the same weights in other units."""
  log_w = np.stack([_V1, np.array(_V1) + 900], axis=1)
  found = evaluation.effective_sample_size(tf.constant(log_w))
  np.testing.assert_allclose(found, [1.9289634628] * 2, rtol=1e-9)


def test_extremes() -> None:
  log_w = tf.constant([[0.0, 0.0, 0.0], [0.0, -math.inf, -800.0]])
  found = evaluation.effective_sample_size(log_w)
  np.testing.assert_allclose(found, [2.0, 1.0, 1.0], rtol=1e-6)


def test_shape() -> None:
  with pytest.raises(ValueError, match=r'\[K, B\].*Received'):
    evaluation.effective_sample_size(tf.zeros([3]))
