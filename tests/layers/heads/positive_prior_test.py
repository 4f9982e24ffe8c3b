"""Gamma, Beta, Dirichlet and von Mises priors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

from tf_mco import layers

_VALUES = {
  'gamma': {'concentration': [0.3, 2.0, 40.0], 'rate': 0.5},
  'beta': {'concentration1': [0.3, 2.0, 40.0], 'concentration0': 0.5},
  'dirichlet': {'concentration': [0.3, 2.0, 40.0]},
  'von_mises': {'loc': [0.5, -1.0, 3.0], 'concentration': [0.01, 1.0, 30.0]},
}
_PRIORS = {
  'gamma': layers.GammaPrior,
  'beta': layers.BetaPrior,
  'dirichlet': layers.DirichletPrior,
  'von_mises': layers.VonMisesPrior,
}


def _prior(name: str, **options: Any) -> Any:
  return _PRIORS[name](3, **{**_VALUES[name], 'dtype': 'float64', **options})


def _expected(name: str, z: np.ndarray) -> np.ndarray:
  """Returns the log-density by SciPy."""
  first, *second = (np.asarray(v) for v in _VALUES[name].values())
  if name == 'gamma':
    return scipy.stats.gamma.logpdf(z, first, scale=1 / second[0]).sum(-1)
  if name == 'beta':
    return scipy.stats.beta.logpdf(z, first, *second).sum(-1)
  if name == 'dirichlet':
    return np.array([scipy.stats.dirichlet.logpdf(row, first) for row in z])
  return scipy.stats.vonmises.logpdf(z, second[0], loc=first).sum(-1)


@pytest.mark.parametrize('learned', [False, True])
@pytest.mark.parametrize('name', sorted(_PRIORS))
def test_density(name: str, learned: bool) -> None:
  prior = _prior(name, learned=learned)
  p = prior.distribution()
  z = np.random.default_rng(0).dirichlet(np.ones(3), 6)
  assert (p.batch_shape, p.event_shape) == ((), (3,))
  np.testing.assert_allclose(p.log_prob(z), _expected(name, z), rtol=1e-9)
  assert len(prior.trainable_variables) == learned


@pytest.mark.parametrize('name', sorted(_PRIORS))
def test_configuration_round_trip(name: str) -> None:
  prior = _prior(name, learned=True, clip=(0.01, 20.0))
  again = type(prior).from_config(prior.get_config())
  assert again.get_config() == prior.get_config()
  np.testing.assert_array_equal(again(None), prior(None))


def test_learned_parameters_are_clipped() -> None:
  prior = _prior('dirichlet', learned=True, clip=(1.0, 20.0))
  (found,) = prior.parameters()
  np.testing.assert_allclose(found, [1.0, 2.0, 20.0])


def test_a_frozen_prior_has_no_trainable_variables() -> None:
  prior = _prior('dirichlet', learned=True)
  prior.distribution()
  prior.trainable = False
  assert not prior.trainable_variables
