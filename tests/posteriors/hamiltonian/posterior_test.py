"""The bounds of Hamiltonian posteriors, and what their options do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import hamiltonian as cases
import tf_mco
from tf_mco import posteriors
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco._tfp import tfp
from tf_mco.posteriors import hamiltonian

every_tempering = pytest.mark.parametrize('kind', cases.TEMPERINGS)


def _weights(draw: Any) -> np.ndarray:
  return (draw.extras.log_p - draw.extras.log_q).numpy()


def test_untempered_is_the_plain_elbo_to_second_order() -> None:
  """Halved steps quarter the difference, at a fixed time of 0.4."""
  plain = cases.elbo(0, 0.1)
  gaps = [plain - cases.elbo(n, 0.4 / n) for n in (8, 16, 32, 64)]
  ratios = np.divide(gaps[:-1], gaps[1:])
  np.testing.assert_allclose(ratios, 4, rtol=0.1)
  np.testing.assert_allclose(ratios[-1], 4, rtol=0.01)


@every_tempering
def test_without_steps_it_is_the_base(kind: str) -> None:
  options = {'alphas': None} if kind == 'free' else {}
  base = cases.base(0.4, 0.7, batch=3)
  posterior = cases.posterior(kind, 0, base=base, **options)
  draw = posterior.sample_and_score(cases.gaussian, 5, seed=7)
  plain = tf_mco.estimators.Iwae(5).draw(None, base, seed=7).samples
  np.testing.assert_array_equal(draw.samples, plain)
  expected = cases.gaussian(plain) - base.log_prob(plain)
  np.testing.assert_allclose(_weights(draw), expected, rtol=1e-13)
  integrated = cases.gaussian(plain) + base.entropy()
  found = posterior.elbo_integrand(cases.gaussian, draw)
  np.testing.assert_allclose(found, integrated, rtol=1e-13)


@pytest.mark.parametrize('name', ['elbo', 'iwae', 'ciwae', 'renyi', 'miwae'])
def test_estimators(name: str) -> None:
  """The bound is that of the exact log-weights, or of the integrated terms."""
  estimator = tf_mco.estimators.Miwae(2, 3)
  if name != 'miwae':
    kind = getattr(tf_mco.estimators, name.capitalize())
    estimator = kind(num_samples=6)
  posterior = cases.posterior(base=cases.base(batch=4))
  found = tf_mco.estimate(estimator, cases.gaussian, posterior, seed=3)
  assert estimator.evaluations(posterior) == 6 * 4
  draw = posterior.sample_and_score(cases.gaussian, 6, seed=3)
  log_w = _weights(draw)
  mean = log_w.mean(0)

  def bound(log_w: np.ndarray) -> np.ndarray:
    return np.log(np.mean(np.exp(log_w), 0))

  expected = {
    'elbo': posterior.elbo_integrand(cases.gaussian, draw).numpy().mean(0),
    'iwae': bound(log_w),
    'ciwae': 0.5 * mean + 0.5 * bound(log_w),
    'renyi': 2 * bound(0.5 * log_w),
    'miwae': (bound(log_w[:3]) + bound(log_w[3:])) / 2,
  }[name]
  np.testing.assert_allclose(found.bound, expected, rtol=1e-12)
  np.testing.assert_array_equal(found.loss, -found.bound)
  shown = log_w[:3] if name == 'miwae' else log_w
  np.testing.assert_allclose(found.log_weights, shown, rtol=1e-12)


def test_importance_sampled_likelihood() -> None:
  """The bound of all weights, in 3 chunks, is near log p(x)."""
  posterior = cases.posterior(base=cases.base(0.1, 0.5))
  bound = tf_mco.evaluation.importance_bound(
    cases.gaussian, posterior, 5000, chunk_size=2000, seed=1
  )
  np.testing.assert_allclose(bound, [cases.H1], atol=0.02)


def test_one_posterior_for_each_example() -> None:
  """The step sizes and temperatures of an example are those it has alone."""
  sizes = tf.constant([[0.2, 0.3], [0.1, 0.4], [0.3, 0.1]], tf.float64)
  hot = tf.constant([1.2, 1.5, 2.0], tf.float64)
  start = tf.constant(np.random.default_rng(0).normal(size=(4, 3, 2)))
  noise = tf.constant(np.random.default_rng(1).normal(size=(4, 3, 2)))
  together = cases.posterior(
    base=cases.base(batch=3), step_size=sizes[None], initial_temperature=hot
  ).transport(cases.gaussian, start, noise)
  for row in range(3):
    alone = cases.posterior(
      step_size=sizes[row], initial_temperature=hot[row]
    ).transport(
      cases.gaussian, start[:, row : row + 1], noise[:, row : row + 1]
    )
    np.testing.assert_allclose(
      _weights(together)[:, row], _weights(alone)[:, 0], rtol=1e-12
    )


def test_steps_of_their_own() -> None:
  sizes = np.array([[0.2, 0.3], [0.1, 0.4], [0.3, 0.1]])
  found = cases.posterior(step_size=sizes).step_sizes()
  np.testing.assert_array_equal(found, sizes)
  same = cases.posterior(step_size=sizes[:1]).step_sizes()
  np.testing.assert_array_equal(same, sizes[[0, 0, 0]])


def test_a_base_without_a_closed_entropy() -> None:
  """Only the term of the momentum is integrated out then."""
  shift = tfd.TransformedDistribution(
    cases.base(), tfp.bijectors.SinhArcsinh(tf.constant(0.5, tf.float64))
  )
  posterior = cases.posterior('fixed', base=shift)
  draw = posterior.sample_and_score(cases.gaussian, 3, seed=1)
  kept = draw.extras
  expected = kept.log_p - shift.log_prob(kept.start) + 1
  expected -= tf.reduce_sum(kept.momentum**2, -1) / 2
  found = posterior.elbo_integrand(cases.gaussian, draw)
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_momentum_is_apart_from_the_start() -> None:
  """The test asks |z| < 4.5 of moments and correlation, on 1e5 draws."""
  draw = cases.posterior(base=cases.base(batch=50)).sample_and_score(
    cases.gaussian, 1000, seed=5
  )
  e, g = draw.extras.start.numpy(), draw.extras.noise.numpy()
  for value in (e, g, e * g, e * g[..., ::-1], (g**2 - 1) / np.sqrt(2)):
    z = value.mean() * np.sqrt(value.size) / value.std()
    assert abs(z) < 4.5


def test_scalar_events() -> None:
  base = tfd.Normal(tf.zeros([2], tf.float64), tf.ones([], tf.float64))
  posterior = posteriors.Hamiltonian(
    base, num_steps=3, step_size=[0.1, 0.2, 0.3], tempering='free'
  )
  draw = posterior.sample_and_score(
    lambda z: -(z**2), 4, seed=random.as_seed(1)
  )
  assert draw.samples.shape == (4, 2)
  np.testing.assert_array_equal(posterior.step_sizes(), [0.1, 0.2, 0.3])


def test_it_is_exported() -> None:
  assert posteriors.Hamiltonian is hamiltonian.Hamiltonian
  assert not hamiltonian.Hamiltonian.can_rescore
