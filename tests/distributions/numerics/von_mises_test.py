"""The path derivative of a von Mises variable, against mpmath."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.distributions import references
from tf_mco.distributions.numerics import von_mises as von_mises_numerics

_KAPPA = [1e-3, 0.1, 1.0, 10.0, 100.0, 1e3, 1e4]


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize(
  ('dtype', 'tolerance'), [(tf.float64, 1e-10), (tf.float32, 1e-5)]
)
def test_path_derivative(dtype: tf.DType, tolerance: float, jit: bool) -> None:
  kappa = np.array(_KAPPA)[:, np.newaxis]
  width = np.minimum(np.pi, 5.5 / np.sqrt(kappa))
  z = tf.constant(width * np.array([-0.999, -0.5, -0.1, 0.01, 0.3, 0.8]))
  z = tf.cast(z, dtype)
  expected = np.array(
    [
      [references.von_mises_slope(one, v) for v in row]
      for one, row in zip(_KAPPA, z, strict=True)
    ]
  )
  computed = tf.function(von_mises_numerics.derivative, jit_compile=jit)(
    tf.constant(kappa), z
  )
  size = np.sqrt(np.mean(expected**2, -1, keepdims=True))
  scale = np.maximum(np.abs(expected), size)
  error = np.max(np.abs(computed - expected) / scale, -1)
  np.testing.assert_array_less(error, tolerance)
