"""Score-function estimators of continuous variables, which have a path too.

A reparameterized sample that is not stopped before it is scored hides its
score and adds the path's gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tf_mco
from tf_mco._tfp import tfd

_LOC = np.array([[0.3, -1.0], [0.7, 0.2], [-0.4, 1.5]])  # `[B, D]`
_SCALE = 0.8


def _log_p(z: Any, shift: Any) -> Any:
  return -((z[..., 0] - shift) ** 2) + z[..., 1] ** 3 / 9


def _coefficients(name: str, log_w: np.ndarray) -> np.ndarray:
  """Returns `[K, B]`, what multiplies the score of each sample."""
  k = len(log_w)
  if name == 'reinforce':
    return log_w / k
  if name == 'reinforce_loo':
    return (log_w - log_w.mean(0)) / (k - 1)
  total = scipy.special.logsumexp(log_w, 0)
  weights = np.exp(log_w - total)
  return -weights - np.log1p(-weights) + np.log1p(-1 / k)


@pytest.mark.parametrize(
  ('name', 'options'),
  [
    ('reinforce', {}),
    ('reinforce_loo', {}),
    ('vimco', {'baseline': 'arithmetic'}),
  ],
)
def test_normal_posterior(name: str, options: dict[str, Any]) -> None:
  estimator = tf_mco.get_estimator(name, num_samples=4, **options)
  loc, shift = tf.constant(_LOC), tf.constant([0.1, 0.2, 0.3], tf.float64)
  drawn = []

  def log_joint(z: tf.Tensor) -> tf.Tensor:
    drawn.append(z)
    return _log_p(z, shift)

  with tf.GradientTape() as tape:
    tape.watch((loc, shift))
    scale = tf.constant(_SCALE, tf.float64)
    posterior = tfd.Independent(tfd.Normal(loc, scale), 1)
    surrogate = tf_mco.estimate(estimator, log_joint, posterior, seed=3)
  by_loc, by_shift = (-g for g in tape.gradient(surrogate.loss, (loc, shift)))

  z = drawn[0].numpy()
  log_q = scipy.stats.norm.logpdf(z, _LOC, _SCALE).sum(-1)
  log_w = _log_p(z, shift.numpy()) - log_q
  np.testing.assert_allclose(surrogate.log_weights, log_w, rtol=1e-12)
  score = (z - _LOC) / _SCALE**2
  expected = (_coefficients(name, log_w)[..., None] * score).sum(0)
  np.testing.assert_allclose(by_loc, expected, rtol=1e-10)
  weights = scipy.special.softmax(log_w, 0) if name == 'vimco' else 1 / 4
  slope = 2 * (z[..., 0] - shift.numpy())
  np.testing.assert_allclose(by_shift, (weights * slope).sum(0), rtol=1e-10)
