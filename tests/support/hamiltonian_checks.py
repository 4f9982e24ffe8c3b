"""Checks of Hamiltonian importance sampling against exact numbers.

On a Gaussian model a trajectory is affine in the normal noise behind it, so
that E[w] and the ELBO have closed forms, whatever the steps and temperatures.
`tests/contract/mutation_test.py` runs the checks with faults in place, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats
import tensorflow as tf

from tests.support import hamiltonian as cases
import tf_mco
from tf_mco import posteriors

_START, _NOISE = cases.tensors([0.3, -0.2], [-0.5, 1.0])


def log_weights(draw: Any) -> np.ndarray:
  return (draw.extras.log_p - draw.extras.log_q).numpy()


def check_h2(kind: str = 'fixed') -> None:
  """One trajectory on the model H1 is that of another program."""
  assert kind == 'fixed'
  posterior = cases.posterior(kind)
  alphas = [0.9629629630, 0.8846153846, 0.7826086957]
  np.testing.assert_allclose(posterior.tempering().alphas, alphas, atol=1e-9)
  draw = posterior.transport(cases.gaussian, _START, _NOISE)
  for found, expected in (
    (draw.samples, [-0.1099789926, 0.8356622080]),
    (draw.extras.momentum, [-0.1089818690, 0.1563116781]),
    (log_weights(draw), -10.200560243),
    (posterior.elbo_integrand(cases.gaussian, draw), -8.890560243),
  ):
    np.testing.assert_allclose(np.squeeze(found), expected, rtol=0, atol=1e-9)


def check_product(kind: str) -> None:
  """The product of the alphas times the first scale is 1."""
  options: dict[str, Any] = {} if kind == 'free' else {'initial_temperature': 3}
  scale, alphas = cases.posterior(kind, **options).tempering()
  np.testing.assert_allclose(scale * np.prod(alphas), 1, rtol=1e-12)
  hot = {'none': 1, 'fixed': 3, 'variance': 3**0.5, 'free': 1 / 0.532}
  np.testing.assert_allclose(scale, hot[kind], rtol=1e-12)


def check_log_weight(kind: str) -> None:
  """SciPy has every term, for a base that is not standard."""
  posterior = cases.posterior(kind, base=cases.base(0.4, 0.7))
  draw = posterior.sample_and_score(cases.gaussian, 5, seed=1)
  kept, z = draw.extras, draw.samples.numpy()
  normal = scipy.stats.norm
  log_p = normal.logpdf(z).sum(-1)
  scale = np.sqrt(cases.VARIANCE)
  mean = z[..., None, :] + cases.DELTA
  log_p += normal.logpdf(cases.X, mean, scale).sum((-1, -2))
  log_w = log_p + normal.logpdf(kept.momentum).sum(-1)
  log_w -= normal.logpdf(kept.start, 0.4, 0.7).sum(-1)
  log_w -= normal.logpdf(kept.noise).sum(-1)
  np.testing.assert_allclose(log_weights(draw), log_w, rtol=1e-12)
  integrated = log_p + normal.logpdf(kept.momentum).sum(-1)
  integrated += 2 * normal(0.4, 0.7).entropy() + 2 * normal().entropy()
  found = posterior.elbo_integrand(cases.gaussian, draw)
  np.testing.assert_allclose(found, integrated, rtol=1e-12)


def check_mean_weight(kind: str) -> None:
  """The mean E[w] is p(x), with momenta of every temperature."""
  posterior = cases.posterior(kind, base=cases.base(0.1, 0.8))
  found = cases.log_weight(posterior).log_mean_exp
  np.testing.assert_allclose(found, cases.H1, rtol=0, atol=1e-10)


def check_integrated_mean(kind: str) -> None:
  """Integrating terms out does not change the mean, which is the ELBO."""
  posterior = cases.posterior(kind, base=cases.base(0.1, 0.8))
  exact = cases.log_weight(posterior).mean
  found = cases.log_weight(posterior, integrated=True).mean
  np.testing.assert_allclose(found, exact, rtol=0, atol=1e-11)
  assert exact < cases.H1


CHECKS: dict[str, Callable[[str], None]] = {
  'h2': check_h2,
  'product': check_product,
  'log_weight': check_log_weight,
  'mean_weight': check_mean_weight,
  'integrated': check_integrated_mean,
}


# Gradients.

TEMPERINGS = {
  'none': {},
  'fixed': {'tempering': 'fixed', 'schedule': 'inverse_sqrt_beta'},
  'variance': {'tempering': 'fixed', 'schedule': 'variance'},
  'free': {'tempering': 'free'},
}
_SIZES = {'shared': [0.2, 0.3], 'per_step': [[0.2, 0.3], [0.1, 0.4]]}
_LOC = [[0.3, -0.2], [0.1, 0.8], [-0.5, 0.4]]


def parameters_of(kind: str, sizes: str = 'shared') -> dict[str, tf.Tensor]:
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
    **TEMPERINGS[kind],
  )
  log_joint = cases.curved(parameters['weight'])
  result = tf_mco.estimate(estimator, log_joint, posterior, seed=4)
  # Rows of the batch weigh differently: a wrong one does not hide.
  return tf.reduce_sum(result.loss * tf.constant([1.0, -2.0, 3.0], tf.float64))


def gradients(*arguments: Any, **options: Any) -> dict[str, tf.Tensor]:
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


def check_differences(case: tuple[str, str]) -> None:
  """Gradients are differences of the loss, in every parameter.

  Step sizes, temperatures, base and model, through every gradient.

  Args:
    case: a key of `TEMPERINGS`, and 'elbo' or 'iwae'.
  """
  kind, bound = case
  sizes = 'per_step' if kind in ('fixed', 'free') else 'shared'
  parameters = parameters_of(kind, sizes)
  make = {'elbo': tf_mco.estimators.Elbo, 'iwae': tf_mco.estimators.Iwae}
  estimator = make[bound](num_samples=3)
  found = gradients(estimator, kind, parameters)
  for name in parameters:
    expected = _differences(estimator, kind, parameters, name)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(
      found[name], expected, rtol=1e-7, atol=1e-8, err_msg=name
    )
