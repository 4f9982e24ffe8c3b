"""Tests of the settings of a run of the Hamiltonian VAE."""

from __future__ import annotations

import pytest

from experiments.hvae import experiment as hvae_experiment


def test_bad_settings() -> None:
  for flags, message in (
    ({'leapfrog_steps': -1}, 'leapfrog_steps must be at least 0.*-1'),
    ({'step_size': 0.5}, 'step_size must be between 0 and 0.5.*0.5'),
    ({'step_size': 0.0}, 'step_size must be between 0'),
    ({'initial_temperature': 1.0}, 'initial_temperature must be between 1'),
    ({'alpha': 1.0}, 'alpha must be between 0 and 1'),
    ({'tempering': 'cold'}, 'Unknown --tempering.*cold'),
    ({'estimator': 'vimco'}, 'Unknown --estimator.*vimco'),
    ({'initializer': 'he'}, 'Unknown --initializer.*he'),
    ({'optimizer': 'sgd'}, 'Unknown --optimizer.*sgd'),
    ({'patience': 0}, 'patience must be at least 1'),
  ):
    with pytest.raises(ValueError, match=message):
      hvae_experiment.EXPERIMENT.make_settings('digits', flags)
