"""Inputs that a Hamiltonian posterior refuses, and reports of divergence."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import hamiltonian as cases
import tf_mco
from tf_mco import distributions
from tf_mco import posteriors
from tf_mco import registry
from tf_mco import types
from tf_mco._tfp import tfd

_SERVED = ('elbo', 'iwae', 'ciwae', 'renyi', 'miwae')


@pytest.mark.parametrize(
  ('options', 'message'),
  [
    ({'step_size': 0.0}, r'`step_size` must be in \(0, inf\).*Received.*0\.0'),
    ({'step_size': [0.1, -0.2]}, r'`step_size` must be in.*-0\.2'),
    ({'step_size': np.nan}, '`step_size` must be in'),
    ({'step_size': np.inf}, '`step_size` must be in'),
    ({'step_size': [0.1, 0.2, 0.3]}, r'`step_size` must be a scalar.*\(3,\)'),
    ({'step_size': [[0.1], [0.2]]}, r'`step_size` must be a scalar.*\(2, 1\)'),
    ({'num_steps': -1}, '`num_steps`.*at least 0.*-1'),
    ({'num_steps': 2.0}, '`num_steps`.*integer'),
    ({'initial_temperature': 0.9}, r'`initial_temperature`.*\[1, inf\).*0\.9'),
    ({'initial_temperature': np.nan}, '`initial_temperature`'),
    ({'initial_temperature': [[2.0]]}, r'scalar or \[B\].*\(1, 1\)'),
    ({'tempering': 'free', 'alphas': [0.9, 0.0, 1]}, r'`alphas`.*\(0, 1\]'),
    ({'tempering': 'free', 'alphas': [0.9, 1.1, 1]}, r'`alphas`.*\(0, 1\]'),
    ({'tempering': 'free', 'alphas': [0.9]}, r'\[num_steps\].*\(1,\)'),
    ({'alphas': [0.9] * 3}, "`alphas` are for tempering='free'.*'fixed'"),
    ({'tempering': 'cold'}, "'none', 'fixed', 'free'.*'cold'"),
    ({'schedule': 'linear'}, "'inverse_sqrt_beta', 'variance'.*'linear'"),
    ({'recompute': 1}, '`recompute` must be True or False'),
    ({'base': 3}, '`base` must be a tfd.Distribution. Received: 3'),
    (
      {'base': tfd.Independent(tfd.Bernoulli(logits=tf.zeros([1, 2])), 1)},
      'reparameterized',
    ),
    ({'base': tfd.Normal(tf.zeros([1, 2]), 1.0)}, r'batch shape \[B\]'),
    ({'base': posteriors.Chain([cases.base()])}, '`base` must be'),
    ({'base': cases.posterior()}, '`base` must be'),
  ],
)
def test_options(options: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    cases.posterior(**{'kind': 'fixed', **options})


_ONES = tf.ones([1, 2], tf.float64)


@pytest.mark.parametrize(
  ('base', 'support'),
  [
    (distributions.Dirichlet(_ONES), 'simplex'),
    (tfd.Dirichlet(_ONES), 'simplex'),
    (distributions.Gamma(_ONES, 1.0), 'positive'),
    (distributions.Beta(_ONES, 1.0), 'unit_interval'),
    (tfd.LogNormal(_ONES, 1.0), 'positive'),
    (distributions.TruncatedNormal(_ONES, 1.0, 0.0, 3.0), 'interval'),
    (tfd.Uniform(0 * _ONES, 2.0), 'interval'),
    (tfd.Pareto(_ONES, 1.0), 'None'),
  ],
  ids=lambda value: getattr(value, 'name', value),
)
def test_a_base_whose_support_steps_would_leave(
  base: tfd.Distribution, support: str
) -> None:
  """Samples of a Dirichlet left the simplex, with E[w] / p(x) = 2.73."""
  rank = 1 if base.batch_shape.rank == 2 else 0
  with pytest.raises(ValueError, match=f'any real number.*{support}'):
    posteriors.Hamiltonian(
      tfd.Independent(base, rank), num_steps=3, step_size=0.1
    )


def test_a_prior_of_another_support_is_no_control_variate() -> None:
  prior = tfd.Independent(distributions.Gamma(_ONES[0], 1.0), 1)
  with pytest.raises(ValueError, match="'real'.*'positive'"):
    cases.posterior().with_prior(prior)


def test_a_number_of_another_precision() -> None:
  with pytest.raises(ValueError, match='float'):
    cases.posterior(step_size=tf.constant(0.1, tf.float32))


@pytest.mark.parametrize('name', tf_mco.estimator_names())
def test_estimators_that_must_score_again(name: str) -> None:
  minimum = {'vimco': 2, 'reinforce_loo': 2}.get(name)
  options = {'num_samples': minimum} if minimum else {}
  estimator = registry.get_estimator(name, **options)
  posterior = cases.posterior()
  if name in _SERVED:
    result = tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1)
    assert np.isfinite(result.loss).all()
    return
  # Some want a distribution of another kind, and say so first.
  message = 'only the samples.*elbo.*Hamiltonian'
  with pytest.raises(ValueError, match=f'{message}|Received.*Hamiltonian'):
    tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1)


@pytest.mark.parametrize('kind', ['Stl', 'Dreg', 'RwsDreg', 'Aisle', 'Rws'])
def test_path_estimators(kind: str) -> None:
  estimator = getattr(tf_mco.estimators, kind)(num_samples=2)
  with pytest.raises(ValueError, match='only the samples that it draws'):
    tf_mco.estimate(estimator, cases.gaussian, cases.posterior(), seed=1)


def test_expectation() -> None:
  """The samples would follow the cost instead of log p(x, z)."""
  with pytest.raises(ValueError, match='only the samples'):
    tf_mco.expectation(
      tf_mco.estimators.Elbo(2), cases.gaussian, cases.posterior(), seed=1
    )


def test_a_mean_over_its_samples() -> None:
  """A draw that did follow log p(x, z) serves a mean, too."""
  elbo, posterior = tf_mco.estimators.Elbo(4), cases.posterior()
  draw = elbo.draw(cases.gaussian, posterior, seed=1)
  found = elbo.mean_surrogate(lambda z: tf.reduce_sum(z, -1), posterior, draw)
  expected = tf.reduce_mean(tf.reduce_sum(draw.samples, -1), 0)
  np.testing.assert_allclose(found.mean, expected, rtol=1e-12)


def test_in_a_chain() -> None:
  with pytest.raises(ValueError, match='Conditional 0.*Hamiltonian'):
    posteriors.Chain([cases.posterior()])


@pytest.mark.parametrize(
  'log_joint',
  [
    lambda z: tf.stop_gradient(cases.gaussian(z)),
    lambda z: tf.zeros(z.shape[:2], z.dtype),
  ],
)
def test_no_gradient(log_joint: Callable) -> None:
  with pytest.raises(ValueError, match='gradient of `log_joint`.*None'):
    cases.posterior().sample_and_score(log_joint, 2, seed=1)


def test_shape_of_log_joint() -> None:
  with pytest.raises(ValueError, match=r'must map samples.*Received'):
    cases.posterior().sample_and_score(lambda z: z, 2, seed=1)


def _overflowing(z: tf.Tensor) -> tf.Tensor:
  """Returns -inf where a Gaussian overflows; its gradient stays finite."""
  return tf.where(tf.abs(z[..., 0]) > 1e10, -np.inf, cases.gaussian(z))


_DIVERGENT: dict[str, tuple[Any, Any]] = {
  'overflow': (cases.gaussian, [1e80, 2.5e80]),
  'zero_weight': (_overflowing, [1e5, 2.5e5]),
  'nan': (lambda z: cases.gaussian(z) * np.nan, [0.1, 0.25]),
  'infinite': (lambda z: cases.gaussian(z) - np.log(0), [0.1, 0.25]),
}


@pytest.mark.parametrize('name', _DIVERGENT)
@pytest.mark.parametrize('kind', ['Elbo', 'Iwae'])
def test_divergence_names_the_step_size(kind: str, name: str) -> None:
  log_joint, size = _DIVERGENT[name]
  posterior = cases.posterior(step_size=size)
  estimator = getattr(tf_mco.estimators, kind)(num_samples=3)
  low, high = (f'{s:.6g}'.replace('+', r'\+') for s in size)
  message = f'3 of 3 .*trajectories are not finite.*from {low} to {high}'
  with pytest.raises(ValueError, match=message):
    tf_mco.estimate(estimator, log_joint, posterior, seed=1)


@functools.cache
def _compiled_estimate(jit: bool) -> Callable[..., types.Surrogate]:
  """Returns a function of a factor and an offset of log p(x, z)."""
  posterior = cases.posterior('none')
  estimator = tf_mco.estimators.Iwae(3)

  @tf.function(jit_compile=jit)
  def estimate(factor: tf.Tensor, offset: tf.Tensor) -> types.Surrogate:
    def log_joint(z: tf.Tensor) -> tf.Tensor:
      return factor * cases.gaussian(z) + offset

    return tf_mco.estimate(estimator, log_joint, posterior, seed=1)

  return estimate


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('steep', [1.0, 1e200])
@pytest.mark.parametrize('added', [0.0, -np.inf, np.inf, np.nan])
def test_divergence_in_compiled_code_is_never_dropped(
  added: float, steep: float, jit: bool
) -> None:
  """One of three weights diverges: the bound is NaN, not that of the others."""
  diverges = added != 0 or steep != 1
  factor = tf.constant([[steep], [1.0], [1.0]], tf.float64)
  offset = tf.constant([[added], [0.0], [0.0]], tf.float64)
  found = _compiled_estimate(jit)(factor, offset)
  assert np.isnan(found.bound).all() == diverges
  np.testing.assert_array_equal(
    np.isnan(found.log_weights[:, 0]), [diverges, False, False]
  )


def test_one_bad_step_size_at_run_time() -> None:
  """Compiled code cannot raise: the log-weights are NaN."""

  @tf.function(jit_compile=True)
  def bound(size: tf.Tensor, hot: tf.Tensor) -> tf.Tensor:
    posterior = cases.posterior(step_size=size, initial_temperature=hot)
    estimator = tf_mco.estimators.Elbo(2)
    return tf_mco.estimate(estimator, cases.gaussian, posterior, seed=1).bound

  good, hot = tf.constant(0.1, tf.float64), tf.constant(1.5, tf.float64)
  assert np.isfinite(bound(good, hot)).all()
  for size in (0 * good, -good):
    assert np.isnan(bound(size, hot)).all()
  assert np.isnan(bound(good, 0.5 * hot)).all()
