"""The Gaussian study of the Hamiltonian VAE: likelihood, flow, files."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from experiments import hvae_gaussian
from experiments import hvae_gaussian_flow
from experiments import hvae_gaussian_methods as methods
from experiments import hvae_gaussian_problem as problem_lib
from experiments import hvae_gaussian_settings as settings_lib
from experiments import hvae_gaussian_training as training
from tests.testing import hamiltonian_cases as cases

_TINY = {
  'dims': (1, 3),
  'methods': ('nf_1', 'vb'),
  'repeats': 2,
  'num_points': 50,
  'iterations': 60,
  'samples': 2,
}


def _h1() -> problem_lib.Problem:
  """Returns the points of case H1 as one data set."""
  x = cases.X
  return problem_lib.Problem(
    len(x),
    cases.DELTA,
    np.sqrt(cases.VARIANCE),
    x.mean(0)[np.newaxis],
    x.var(0)[np.newaxis],
  )


def _parameters() -> tuple[np.ndarray, np.ndarray]:
  return cases.DELTA[np.newaxis], 0.5 * np.log(cases.VARIANCE)[np.newaxis]


def test_evidence_of_h1() -> None:
  delta, log_sigma = _parameters()
  found = _h1().log_evidence(delta, np.exp(log_sigma))
  np.testing.assert_allclose(found, [cases.H1], rtol=0, atol=1e-10)


def test_mean_and_variance_suffice() -> None:
  """The log-joint is that of the points, one by one."""
  z = tf.constant(np.random.default_rng(0).normal(size=(5, 1, 2)))
  found = _h1().log_joint(*map(tf.constant, _parameters()))(z)
  np.testing.assert_allclose(found, cases.gaussian(z), rtol=1e-12)


def test_the_missing_half() -> None:
  """It takes the squares off once more."""
  delta, log_sigma = map(tf.constant, _parameters())
  z = tf.constant(np.random.default_rng(0).normal(size=(5, 1, 2)))
  half = _h1().log_likelihood(delta, log_sigma)(z)
  whole = _h1().log_likelihood(delta, log_sigma, halves=1.0)(z)
  error = (cases.X - cases.DELTA - z[..., None, :]) / np.sqrt(cases.VARIANCE)
  squares = np.sum(error**2, (-1, -2))
  np.testing.assert_allclose(half - whole, squares / 2, rtol=1e-12)


def test_data() -> None:
  """Mean and variance are distributed as those of points; |z| < 4.5."""
  problem = problem_lib.make(3, repeats=4000, num_points=20, seed=1)
  np.testing.assert_allclose(problem.delta, [-0.2, 0, 0.2])
  np.testing.assert_allclose(problem.sigma, [1.0, 0.1, 1.0])
  scale = np.sqrt(1 + problem.sigma**2 / 20)
  mean = (problem.mean - problem.delta) / scale
  chi = problem.variance * 20 / problem.sigma**2
  chance = scipy.stats.chi2.cdf(chi, 19) - 0.5
  for value in (mean, (mean**2 - 1) / 2**0.5, chance * 12**0.5):
    z = value.mean(0) * np.sqrt(len(value))
    np.testing.assert_array_less(np.abs(z), 4.5)
  fewer = problem_lib.make(3, repeats=5, num_points=20, seed=1)
  np.testing.assert_array_equal(fewer.mean, problem.mean[:5])
  np.testing.assert_array_equal(problem_lib.truth(1)[1], [1.0])


def test_likelihood_is_largest_where_it_is_said_to_be() -> None:
  problem = problem_lib.make(3, repeats=2, num_points=20, seed=1)
  delta, sigma = problem.maximum_likelihood
  best = problem.log_evidence(delta, sigma)
  for factor in (0.99, 1.01):
    assert (problem.log_evidence(delta, sigma * factor) < best).all()
  assert (problem.log_evidence(delta + 0.1, sigma) < best).all()


def test_planar_flow() -> None:
  """Its log-volume is that of the Jacobian, also where u must be moved."""
  rng = np.random.default_rng(0)
  z = tf.constant(rng.normal(size=(4, 2, 3)))
  w = rng.normal(size=(2, 3))
  u, b = tf.constant(np.stack([-3 * w[0], w[1]])), tf.constant([0.1, -0.4])
  b = tf.cast(b, tf.float64)
  with tf.GradientTape() as tape:
    tape.watch(z)
    moved, log_det = hvae_gaussian_flow.planar(z, u, tf.constant(w), b)
    total = tf.reduce_sum(moved, [0, 1])
  jacobian = tf.transpose(tape.jacobian(total, z), [1, 2, 0, 3])
  _, expected = np.linalg.slogdet(jacobian)
  np.testing.assert_allclose(log_det, expected, rtol=1e-10, atol=1e-12)
  assert (np.linalg.det(jacobian) > 0).all()


@pytest.mark.parametrize('name', ['hvae_tempered_1', 'hvae_1', 'nf_1', 'vb'])
def test_bounds(name: str) -> None:
  """Of many samples at a start near the posterior, below log p(x)."""
  problem = problem_lib.make(2, repeats=3, num_points=4, seed=1)
  options = problem_lib.Options(samples=20_000)
  start = methods.start(name, 2, 3, options, seed=1)
  values = {key: tf.constant(value) for key, value in start.items()}
  values['delta'] = tf.constant(problem.mean)
  values['log_sigma'] = tf.zeros([3, 2], tf.float64)
  bound = methods.bound(
    name, values, problem, options, seed=tf.constant([1, 2])
  )
  exact = problem.log_evidence(problem.mean, np.ones((3, 2)))
  gap = exact - bound.numpy()
  assert (gap > 0.02).all()
  assert (gap < 10).all()


def test_every_method_learns() -> None:
  problem = problem_lib.make(2, repeats=2, num_points=20, seed=1)
  for name in ('hvae_tempered_1', 'nf_1'):
    options = problem_lib.Options(samples=2)
    _, before = training.train(
      name, problem, options, iterations=1, learning_rate=1e-9, seed=0
    )
    found, after = training.train(
      name, problem, options, iterations=300, learning_rate=1e-2, seed=0
    )
    assert (after > before + 10).all()
    assert (found['log_sigma'] < 1.5).all()


def test_divergence_is_reported() -> None:
  problem = problem_lib.make(1, repeats=1, num_points=20, seed=1)
  with pytest.raises(ValueError, match='hvae_1 is not finite.*step sizes'):
    training.train(
      'hvae_1',
      problem,
      problem_lib.Options(samples=1),
      iterations=30,
      learning_rate=1e4,
      seed=0,
    )


def _results(path: pathlib.Path) -> list[dict[str, Any]]:
  lines = (path / hvae_gaussian.RESULTS).read_text().splitlines()
  return [{**json.loads(line), 'cpu_seconds': 0} for line in lines]


def test_a_study_goes_on_where_it_was(tmp_path: pathlib.Path) -> None:
  whole, parts = tmp_path / 'whole', tmp_path / 'parts'
  settings = settings_lib.make('small', _TINY)
  text = hvae_gaussian.run(settings, whole)
  for name in ('mean-field VB', 'maximum likelihood', 'D = 3', '±'):
    assert name in text
  assert (whole / 'error.png').stat().st_size > 10_000
  less = settings_lib.make('small', {**_TINY, 'dims': (3,)})
  hvae_gaussian.run(less, parts)
  first = _results(parts)
  hvae_gaussian.run(settings, parts)
  assert _results(parts)[: len(first)] == first
  by_name = [
    {(line['dims'], line['method']): line for line in _results(path)}
    for path in (whole, parts)
  ]
  assert by_name[0] == by_name[1]


@pytest.mark.parametrize(
  ('given', 'message'),
  [
    ({'dims': ()}, 'dims'),
    ({'dims': (0,)}, 'dims >= 1'),
    ({'methods': ('vb', 'mcmc')}, 'mcmc'),
    ({'schedule': 'linear'}, 'linear'),
    ({'iterations': 0}, 'iterations'),
    ({'learning_rate': 0.0}, 'learning_rate'),
  ],
)
def test_bad_settings(given: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    settings_lib.make('small', given)
