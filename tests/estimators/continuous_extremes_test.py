"""Weights that are zero, dominate or are of any size, in float32 too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import continuous_checks as checks
from tests.testing import continuous_formulas
from tests.testing import continuous_rows
from tests.testing import gaussian_problems
from tests.testing import quadrature
from tf_mco import estimators
from tf_mco import types
from tf_mco._tfp import tfd

_K = 4
# A mean of log w is -inf with one of them.
_ROWS = [
  row for row in continuous_rows.ROWS if row.name not in ('elbo', 'ciwae')
]

every_row = pytest.mark.parametrize('row', continuous_rows.ROWS, ids=str)


def _with_added(
  row: continuous_rows.Row,
  added: Any,
  kind: str = 'normal',
  dtype: tf.DType = tf.float64,
) -> tuple[types.Surrogate, checks.Gradient, tuple]:
  """Returns an estimate with constants added to log p, and the formula's."""
  problem = gaussian_problems.make(kind)
  noise = checks.some_noise(problem, _K)
  parameters = problem.rows(dtype=dtype)
  added = np.broadcast_to(added, noise.shape[:2])
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    samples: Any = problem.samples(parameters, tf.constant(noise, dtype))
    if row.stopped:
      samples = tf.nest.map_structure(tf.stop_gradient, samples)
    log_joint = problem.log_joint(parameters)

    def shifted(z: Any) -> tf.Tensor:
      value = log_joint(z) + tf.constant(np.maximum(added, -1e30), dtype)
      return tf.where(added == -np.inf, tf.constant(-np.inf, dtype), value)

    surrogate = row.make(_K).surrogate(
      shifted, problem.posterior(parameters), types.Draw(samples)
    )
    value = -surrogate.loss
  found = tape.gradient(value, parameters, unconnected_gradients='zero')
  gradient = {name: found[name].numpy() for name in quadrature.names(problem)}
  expected = continuous_formulas.estimate(
    lambda log_w: row.formula(log_w + added),
    problem,
    np.arange(problem.num_examples),
    noise,
  )
  return surrogate, gradient, expected


@pytest.mark.parametrize('kind', ['normal', 'chain'])
@pytest.mark.parametrize('row', _ROWS, ids=str)
def test_weight_of_zero(row: continuous_rows.Row, kind: str) -> None:
  """A sample outside the support of p(x, z) counts, with no gradient."""
  added = np.zeros([_K, 3])
  added[1, 0] = added[3, 2] = -np.inf
  surrogate, gradient, (bound, expected) = _with_added(row, added, kind)
  np.testing.assert_array_equal(surrogate.loss, -surrogate.bound)
  np.testing.assert_allclose(surrogate.bound, bound, rtol=1e-12)
  checks.assert_close(gradient, expected)


@pytest.mark.parametrize('size', [-1e4, 1e4])
@every_row
def test_units_of_p(row: continuous_rows.Row, size: float) -> None:
  """A constant factor of p(x, z) moves the bound and no gradient."""
  surrogate, gradient, (bound, expected) = _with_added(row, size)
  np.testing.assert_allclose(surrogate.bound, bound, rtol=1e-12)
  checks.assert_close(gradient, expected, 1e-10)


_GAPS = [
  (tf.float64, 50.0, 1e-11),
  (tf.float64, 2000.0, 1e-11),
  (tf.float32, 200.0, 1e-4),
]


@pytest.mark.parametrize(('dtype', 'gap', 'tolerance'), _GAPS)
@every_row
def test_dominating_weights(
  row: continuous_rows.Row, dtype: tf.DType, gap: float, tolerance: float
) -> None:
  """The second half of the samples has weights that underflow."""
  added = np.repeat([0.0, -gap], _K // 2)[:, None]
  surrogate, gradient, (bound, expected) = _with_added(row, added, dtype=dtype)
  np.testing.assert_allclose(surrogate.bound, bound, rtol=tolerance)
  checks.assert_close(gradient, expected, tolerance)


@pytest.mark.parametrize('reparameterized', [True, False])
def test_large_alpha(reparameterized: bool) -> None:
  """At equal weights K wt is 1, whatever the power of it."""
  num_samples, alpha = 64, 30.0
  loc = tf.zeros([1, 1])
  estimator = estimators.Aisle(num_samples, alpha, reparameterized)
  noise = np.linspace(-1, 1.5, num_samples, dtype=np.float32)[:, None, None]
  with tf.GradientTape() as tape:
    tape.watch(loc)
    q = tfd.Independent(tfd.Normal(loc, 1.0), 1)
    z = loc + noise
    samples = z if reparameterized else tf.stop_gradient(z)
    # Weights of one, and a path or score of the noise all the same.
    log_q = q.log_prob(tf.stop_gradient(z))
    log_joint = lambda z: tf.stop_gradient(log_q) + 0 * z[..., 0]  # noqa: E731
    value = -estimator.surrogate(log_joint, q, types.Draw(samples)).loss
  scale = (alpha - 1) * (alpha if reparameterized else 1)
  gradient = tape.gradient(value, loc).numpy()
  np.testing.assert_allclose(gradient, scale * noise.mean(), rtol=1e-4)
