"""Gradients of Hamiltonian posteriors against differences, and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import hamiltonian as cases
from tests.support import hamiltonian_checks as checks
import tf_mco
from tf_mco._tfp import tfd


@pytest.mark.parametrize(
  ('kind', 'bound'),
  [*((kind, 'elbo') for kind in checks.TEMPERINGS), ('fixed', 'iwae')],
)
def test_against_differences(kind: str, bound: str) -> None:
  checks.check_differences((kind, bound))


@pytest.mark.parametrize(
  ('kind', 'recompute'),
  [('none', False), ('fixed', True)],
)
def test_jit(kind: str, recompute: bool) -> None:
  """A draw and all gradients, compiled, are those of eager code."""
  parameters = checks.parameters_of(kind)
  estimator = tf_mco.estimators.Iwae(3)

  def step(parameters: Any, recompute: bool) -> Any:
    return checks.gradients(estimator, kind, parameters, recompute=recompute)

  compiled = tf.function(step, jit_compile=True)
  found = compiled(parameters, recompute)
  for name, expected in step(parameters, False).items():
    np.testing.assert_allclose(
      found[name], expected, rtol=1e-10, atol=1e-12, err_msg=name
    )


def test_unknown_batch_size() -> None:
  parameters = checks.parameters_of('fixed')
  estimator = tf_mco.estimators.Elbo(3)

  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def bound(loc: tf.Tensor) -> tf.Tensor:
    base = tfd.Independent(tfd.Normal(loc, tf.ones([], tf.float64)), 1)
    posterior = cases.posterior(base=base)
    return tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1).bound

  posterior = cases.posterior(base=cases.base(parameters['loc'], batch=3))
  expected = tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1)
  np.testing.assert_allclose(
    bound(parameters['loc']), expected.bound, rtol=1e-12
  )


def test_a_variable_is_read_when_it_samples() -> None:
  """A posterior made outside the tape trains its step size all the same."""
  size = tf.Variable(0.2, dtype=tf.float64)
  posterior = cases.posterior(step_size=size)
  with tf.GradientTape() as tape:
    result = tf_mco.estimate(
      tf_mco.estimators.Elbo(2), cases.gaussian, posterior, seed=1
    )
  assert abs(float(tape.gradient(result.loss, size))) > 1e-3
