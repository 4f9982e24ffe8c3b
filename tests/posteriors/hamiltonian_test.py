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

from tests.testing import hamiltonian_cases as cases
from tf_mco.posteriors.hamiltonian import log_weights as scores
from tf_mco.posteriors.hamiltonian import tempering as tempering_lib

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
