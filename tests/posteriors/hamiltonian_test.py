"""Hamiltonian importance sampling against exact numbers.

On a Gaussian model a trajectory is affine in the normal noise behind it, so
that E[w] and the ELBO have closed forms, whatever the steps and temperatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tests.testing import hamiltonian_cases as cases
import tf_mco
from tf_mco import posteriors
from tf_mco import random
from tf_mco._tfp import tfd
from tf_mco.posteriors import hamiltonian
from tf_mco.posteriors import hamiltonian_scores as scores
from tf_mco.posteriors import hamiltonian_tempering as tempering_lib

_START, _NOISE = cases.tensors([0.3, -0.2], [-0.5, 1.0])

every_tempering = pytest.mark.parametrize('kind', cases.TEMPERINGS)


def _weights(draw: Any) -> np.ndarray:
  return (draw.extras.log_p - draw.extras.log_q).numpy()


def _check_h2(kind: str = 'fixed') -> None:
  """The numbers of case H2."""
  assert kind == 'fixed'
  posterior = cases.posterior(kind)
  alphas = [0.9629629630, 0.8846153846, 0.7826086957]
  np.testing.assert_allclose(posterior.tempering().alphas, alphas, atol=1e-9)
  draw = posterior.transport(cases.gaussian, _START, _NOISE)
  for found, expected in (
    (draw.samples, [-0.1099789926, 0.8356622080]),
    (draw.extras.momentum, [-0.1089818690, 0.1563116781]),
    (_weights(draw), -10.200560243),
    (posterior.elbo_integrand(cases.gaussian, draw), -8.890560243),
  ):
    np.testing.assert_allclose(np.squeeze(found), expected, rtol=0, atol=1e-9)


def _check_product(kind: str) -> None:
  """The product of the alphas times the first scale is 1."""
  options: dict[str, Any] = {} if kind == 'free' else {'initial_temperature': 3}
  scale, alphas = cases.posterior(kind, **options).tempering()
  np.testing.assert_allclose(scale * np.prod(alphas), 1, rtol=1e-12)
  hot = {'none': 1, 'fixed': 3, 'variance': 3**0.5, 'free': 1 / 0.532}
  np.testing.assert_allclose(scale, hot[kind], rtol=1e-12)


def _check_log_weight(kind: str) -> None:
  """Every term by SciPy, for a base that is not standard."""
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
  np.testing.assert_allclose(_weights(draw), log_w, rtol=1e-12)
  integrated = log_p + normal.logpdf(kept.momentum).sum(-1)
  integrated += 2 * normal(0.4, 0.7).entropy() + 2 * normal().entropy()
  found = posterior.elbo_integrand(cases.gaussian, draw)
  np.testing.assert_allclose(found, integrated, rtol=1e-12)


def _check_mean_weight(kind: str) -> None:
  """E[w] = p(x), with momenta of every temperature; case H1."""
  posterior = cases.posterior(kind, base=cases.base(0.1, 0.8))
  found = cases.log_weight(posterior).log_mean_exp
  np.testing.assert_allclose(found, cases.H1, rtol=0, atol=1e-10)


def _check_integrated_mean(kind: str) -> None:
  """What is integrated out does not change the mean: the ELBO."""
  posterior = cases.posterior(kind, base=cases.base(0.1, 0.8))
  exact = cases.log_weight(posterior).mean
  found = cases.log_weight(posterior, integrated=True).mean
  np.testing.assert_allclose(found, exact, rtol=0, atol=1e-11)
  assert exact < cases.H1


_CHECKS = {
  'h2': _check_h2,
  'product': _check_product,
  'log_weight': _check_log_weight,
  'mean_weight': _check_mean_weight,
  'integrated': _check_integrated_mean,
}


@every_tempering
@pytest.mark.parametrize('check', [name for name in _CHECKS if name != 'h2'])
def test_exact(check: str, kind: str) -> None:
  _CHECKS[check](kind)


def test_h2() -> None:
  _check_h2()


def _untempered(original: Callable) -> Callable:
  """The momentum starts hot, and no step cools it."""

  def fixed(*arguments: Any) -> Any:
    scale, alphas = original(*arguments)
    return tempering_lib.Tempering(scale, tuple(a / a for a in alphas))

  return fixed


def _cold_start(original: Callable) -> Callable:
  def fixed(*arguments: Any) -> Any:
    scale, alphas = original(*arguments)
    return tempering_lib.Tempering(scale / scale, alphas)

  return fixed


def _other_schedule(original: Callable) -> Callable:
  def fixed(first: Any, num_steps: int, schedule: str) -> Any:
    names = {'fixed': 'variance'}
    return original(first, num_steps, names.get(schedule, 'variance'))

  return fixed


def _momentum_forgotten(original: Callable) -> Callable:
  return lambda log_base, noise, momentum: original(log_base, noise, noise)


def _final_noise(original: Callable) -> Callable:
  """The density of gamma is evaluated at the last momentum."""
  return lambda log_base, noise, momentum: log_base


def _constant_dropped(original: Callable) -> Callable:
  return lambda kept, base, moved: original(kept, base, moved) - 1.0


_FAULTS = [
  (tempering_lib, 'fixed', _untempered, 'mean_weight'),
  (tempering_lib, 'fixed', _untempered, 'h2'),
  (tempering_lib, 'fixed', _untempered, 'product'),
  (tempering_lib, 'fixed', _cold_start, 'mean_weight'),
  (tempering_lib, 'fixed', _other_schedule, 'h2'),
  (scores, 'log_q', _momentum_forgotten, 'mean_weight'),
  (scores, 'log_q', _momentum_forgotten, 'log_weight'),
  (scores, 'log_q', _final_noise, 'mean_weight'),
  (scores, 'integrated', _constant_dropped, 'integrated'),
  (scores, 'integrated', _constant_dropped, 'h2'),
]


@pytest.mark.parametrize(('target', 'name', 'make', 'check'), _FAULTS)
def test_fault_is_found(
  target: Any,
  name: str,
  make: Callable,
  check: str,
  monkeypatch: pytest.MonkeyPatch,
) -> None:
  monkeypatch.setattr(target, name, make(getattr(target, name)))
  with pytest.raises(AssertionError):
    _CHECKS[check]('fixed')


def _elbo(num_steps: int, size: float, **options: Any) -> float:
  posterior = cases.posterior(
    'none',
    num_steps,
    **{'base': cases.base(0.3, 0.6), 'step_size': size, **options},
  )
  return cases.log_weight(posterior).mean


def test_untempered_is_the_plain_elbo_to_second_order() -> None:
  """At a fixed time of 0.4, halved steps quarter the difference."""
  plain = _elbo(0, 0.1)
  gaps = [plain - _elbo(n, 0.4 / n) for n in (8, 16, 32, 64)]
  ratios = np.divide(gaps[:-1], gaps[1:])
  np.testing.assert_allclose(ratios, 4, rtol=0.1)
  np.testing.assert_allclose(ratios[-1], 4, rtol=0.01)


@pytest.mark.parametrize('schedule', tempering_lib.SCHEDULES)
def test_tempering_raises_the_elbo(schedule: str) -> None:
  """A prior for a posterior: hot momenta take entropy from the start."""
  options = {'base': cases.base(), 'step_size': [0.25, 0.35]}
  plain = _elbo(0, 0.1, base=cases.base())
  cold = _elbo(5, 0.1, **options)
  hot = _elbo(
    5,
    0.1,
    tempering='fixed',
    schedule=schedule,
    initial_temperature=1.5,
    **options,
  )
  assert cases.H1 > hot > max(cold, plain) + 0.5


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
  """The bound of the exact log-weights; for elbo the integrated terms."""
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
  """3 chunks; the bound of all weights, near log p(x)."""
  posterior = cases.posterior(base=cases.base(0.1, 0.5))
  bound = tf_mco.evaluation.importance_bound(
    cases.gaussian, posterior, 5000, chunk_size=2000, seed=1
  )
  np.testing.assert_allclose(bound, [cases.H1], atol=0.02)


def test_one_posterior_for_each_example() -> None:
  """Step sizes and temperatures of an example are those it has alone."""
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
  """Then only the term of the momentum is integrated out."""
  shift = tfd.TransformedDistribution(
    cases.base(), tf_mco._tfp.tfp.bijectors.Tanh()
  )
  posterior = cases.posterior('fixed', base=shift)
  draw = posterior.sample_and_score(cases.gaussian, 3, seed=1)
  kept = draw.extras
  expected = kept.log_p - shift.log_prob(kept.start) + 1
  expected -= tf.reduce_sum(kept.momentum**2, -1) / 2
  found = posterior.elbo_integrand(cases.gaussian, draw)
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_momentum_is_apart_from_the_start() -> None:
  """|z| < 4.5 on 1e5 draws: moments of both, and their correlation."""
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
