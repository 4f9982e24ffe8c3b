"""Weights may be zero, dominate or have any size, in float32 too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.contract import formulas
from tests.contract import table
from tests.contract.oracles import gaussian_problems
from tests.contract.oracles import gaussian_terms
from tests.support import gaussian_draws as checks
from tf_mco import types

_K = 4
# A mean of log w is -inf with one of them.
_ROWS = [row for row in table.REAL_ROWS if str(row) not in ('elbo', 'ciwae')]

every_row = pytest.mark.parametrize('row', table.REAL_ROWS, ids=str)


def _with_added(
  row: table.Row,
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
  gradient = {name: found[name].numpy() for name in problem.names}
  every = np.arange(problem.num_examples)
  terms = gaussian_terms.terms(problem, every, noise)
  expected = formulas.estimate(lambda log_w: row.formula(log_w + added), terms)
  return surrogate, gradient, expected


@pytest.mark.parametrize('kind', ['normal', 'chain'])
@pytest.mark.parametrize('row', _ROWS, ids=str)
def test_weight_of_zero(row: table.Row, kind: str) -> None:
  """A sample outside the support of p(x, z) counts, with no gradient."""
  added = np.zeros([_K, 3])
  added[1, 0] = added[3, 2] = -np.inf
  surrogate, gradient, (bound, expected) = _with_added(row, added, kind)
  np.testing.assert_array_equal(surrogate.loss, -surrogate.bound)
  np.testing.assert_allclose(surrogate.bound, bound, rtol=1e-12)
  checks.assert_close(gradient, expected)


@pytest.mark.parametrize('size', [-1e4, 1e4])
@every_row
def test_units_of_p(row: table.Row, size: float) -> None:
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
  row: table.Row, dtype: tf.DType, gap: float, tolerance: float
) -> None:
  """The second half of the samples has weights that underflow."""
  added = np.repeat([0.0, -gap], _K // 2)[:, None]
  surrogate, gradient, (bound, expected) = _with_added(row, added, dtype=dtype)
  np.testing.assert_allclose(surrogate.bound, bound, rtol=tolerance)
  checks.assert_close(gradient, expected, tolerance)
