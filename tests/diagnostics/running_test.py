"""The running variance keeps its digits beside a large mean."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tf_mco.diagnostics import running


def _recursion(gradients: list[np.ndarray], decay: float) -> float:
  """Returns the corrected EMA[g^2] - EMA[g]^2, averaged over entries."""
  mean = square = 0
  for g in np.asarray(gradients, np.float64):
    mean = decay * mean + (1 - decay) * g
    square = decay * square + (1 - decay) * g**2
  total = 1 - decay ** len(gradients)
  return np.mean(square / total - (mean / total) ** 2)


def test_small_variance_beside_a_large_mean() -> None:
  """The formula EMA[g^2] - EMA[g]^2 in float32 would give 0 or noise here."""
  state = running.RunningVariance(0.999, 1)
  state.build({'encoder': [tf.Variable([0.0])]})
  update = tf.function(state.update)
  rng = np.random.default_rng(0)
  gradients = (1000 + 0.01 * rng.standard_normal((500, 1))).astype(np.float32)
  for gradient in gradients:
    update({'encoder': [tf.constant(gradient)]})
  expected = _recursion(list(gradients), 0.999)
  assert state.result()['encoder'] == pytest.approx(expected, rel=0.05)
