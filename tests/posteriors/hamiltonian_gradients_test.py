"""Gradients of Hamiltonian posteriors against differences, and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import hamiltonian_cases as cases
import tf_mco
from tf_mco import posteriors

_TEMPERINGS = {
  'none': {},
  'fixed': {'tempering': 'fixed', 'schedule': 'inverse_sqrt_beta'},
  'variance': {'tempering': 'fixed', 'schedule': 'variance'},
  'free': {'tempering': 'free'},
}
_SIZES = {'shared': [0.2, 0.3], 'per_step': [[0.2, 0.3], [0.1, 0.4]]}
_LOC = [[0.3, -0.2], [0.1, 0.8], [-0.5, 0.4]]

every_tempering = pytest.mark.parametrize('kind', _TEMPERINGS)


def _parameters(kind: str, sizes: str = 'shared') -> dict[str, tf.Tensor]:
  values: dict[str, Any] = {
    'weight': [[0.9, -0.3], [0.4, 1.1]],
    'loc': _LOC,
    'log_scale': [-0.5, 0.2],
    'step_size': _SIZES[sizes],
  }
  if kind in ('fixed', 'variance'):
    values['initial_temperature'] = 1.7
  if kind == 'free':
    values['alphas'] = [0.9, 0.7]
  return {name: tf.constant(v, tf.float64) for name, v in values.items()}


def _loss(
  estimator: Any, kind: str, parameters: Any, recompute: bool = False
) -> tf.Tensor:
  """Returns the loss of all examples, at fixed noise."""
  names = ('initial_temperature', 'alphas')
  posterior = posteriors.Hamiltonian(
    cases.base(parameters['loc'], tf.exp(parameters['log_scale']), batch=3),
    num_steps=2,
    step_size=parameters['step_size'],
    recompute=recompute,
    **{name: parameters[name] for name in names if name in parameters},
    **_TEMPERINGS[kind],
  )
  log_joint = cases.curved(parameters['weight'])
  result = tf_mco.estimate(estimator, log_joint, posterior, seed=4)
  # Rows of the batch weigh differently: a wrong one does not hide.
  return tf.reduce_sum(result.loss * tf.constant([1.0, -2.0, 3.0], tf.float64))


def _gradients(*arguments: Any, **options: Any) -> dict[str, tf.Tensor]:
  estimator, kind, parameters = arguments
  with tf.GradientTape() as tape:
    tape.watch(parameters)
    loss = _loss(estimator, kind, parameters, **options)
  return tape.gradient(loss, parameters)


def _differences(
  estimator: Any, kind: str, parameters: Any, name: str
) -> np.ndarray:
  """Returns central differences, with an error of the fourth order."""
  center = np.array(parameters[name])
  result = np.zeros(center.shape)

  def at(index: Any, shift: float) -> float:
    moved = center.copy()
    moved[index] += shift
    changed = {**parameters, name: tf.constant(moved)}
    return float(_loss(estimator, kind, changed))

  h = 2e-4
  for index in np.ndindex(*center.shape):
    near = at(index, h) - at(index, -h)
    far = at(index, 2 * h) - at(index, -2 * h)
    result[index] = (8 * near - far) / (12 * h)
  return result


@every_tempering
@pytest.mark.parametrize('kind_of_bound', ['elbo', 'iwae'])
def test_against_differences(kind_of_bound: str, kind: str) -> None:
  """Step sizes, temperatures, base and model, through every gradient."""
  sizes = 'per_step' if kind in ('fixed', 'free') else 'shared'
  parameters = _parameters(kind, sizes)
  make = {'elbo': tf_mco.estimators.Elbo, 'iwae': tf_mco.estimators.Iwae}
  estimator = make[kind_of_bound](num_samples=3)
  found = _gradients(estimator, kind, parameters)
  for name in parameters:
    expected = _differences(estimator, kind, parameters, name)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(
      found[name], expected, rtol=1e-7, atol=1e-8, err_msg=name
    )


@pytest.mark.parametrize(
  ('kind', 'recompute'),
  [*((kind, False) for kind in _TEMPERINGS), ('fixed', True)],
)
def test_jit(kind: str, recompute: bool) -> None:
  """Compiled, a draw and all gradients are those of eager code."""
  parameters = _parameters(kind)
  estimator = tf_mco.estimators.Iwae(3)

  def step(parameters: Any, recompute: bool) -> Any:
    return _gradients(estimator, kind, parameters, recompute=recompute)

  compiled = tf.function(step, jit_compile=True)
  found = compiled(parameters, recompute)
  for name, expected in step(parameters, False).items():
    np.testing.assert_allclose(
      found[name], expected, rtol=1e-10, atol=1e-12, err_msg=name
    )


def test_unknown_batch_size() -> None:
  parameters = _parameters('fixed')
  estimator = tf_mco.estimators.Elbo(3)

  @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float64)])
  def bound(loc: tf.Tensor) -> tf.Tensor:
    base = tf_mco._tfp.tfd.Independent(
      tf_mco._tfp.tfd.Normal(loc, tf.ones([], tf.float64)), 1
    )
    posterior = cases.posterior(base=base)
    return tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1).bound

  posterior = cases.posterior(base=cases.base(parameters['loc'], batch=3))
  expected = tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1)
  np.testing.assert_allclose(
    bound(parameters['loc']), expected.bound, rtol=1e-12
  )


def test_a_stopped_force_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
  """Without second derivatives the gradients above are wrong."""
  original = tf_mco.ops.leapfrog._value_and_gradient

  def stopped(*arguments: Any) -> Any:
    value, gradient = original(*arguments)
    return value, tf.stop_gradient(gradient)

  monkeypatch.setattr(tf_mco.ops.leapfrog, '_value_and_gradient', stopped)
  for kind_of_bound in ('elbo', 'iwae'):
    with pytest.raises(AssertionError):
      test_against_differences(kind_of_bound, 'none')


def test_a_variable_is_read_when_it_samples() -> None:
  """A posterior made outside the tape trains its step size all the same."""
  size = tf.Variable(0.2, dtype=tf.float64)
  posterior = cases.posterior(step_size=size)
  with tf.GradientTape() as tape:
    result = tf_mco.estimate(
      tf_mco.estimators.Elbo(2), cases.gaussian, posterior, seed=1
    )
  assert abs(float(tape.gradient(result.loss, size))) > 1e-3
