"""Tests of the settings of a topic model."""

import pytest

from experiments.topic_model import experiment as topic_experiment

_EXPERIMENT = topic_experiment.EXPERIMENT


def _settings(**flags):
  return _EXPERIMENT.make_settings('bars', flags)


def test_published_preset_is_the_papers():
  settings = _EXPERIMENT.make_settings('newsgroups', {})
  assert (settings.topics, settings.hidden_units, settings.hidden_layers) == (
    50,
    300,
    3,
  )
  assert (settings.batch_size, settings.learning_rate) == (32, 3e-4)
  assert (settings.steps, settings.prior_burn_in) == (180_000, 120_000)
  assert (settings.minimum_concentration, settings.maximum_concentration) == (
    1e-3,
    1e3,
  )
  assert settings.prior_concentration == 0.7
  assert settings.make_estimator().num_samples == 1
  assert type(settings.make_estimator()).__name__ == 'Elbo'


@pytest.mark.parametrize(
  'flags, message',
  [
    ({'reparameterization': 'x'}, '--reparameterization. Expected.*rsvi.*: x'),
    ({'dataset': 'mnist'}, '--dataset. Expected one of bars.*mnist'),
    ({'topics': 1}, '--topics must be at least 2. Received: 1'),
    ({'estimator': 'elboo'}, 'elboo'),
    ({'minimum_concentration': 0.0}, '0 < --minimum.*Received: 0.0, 0.7'),
    ({'prior_concentration': 2e3}, '--prior_concentration.*2000'),
    ({'prior_burn_in': -1}, '--prior_burn_in'),
    ({'learning_rate': -1.0}, '--learning_rate'),
  ],
)
def test_bad_values_are_refused(flags, message):
  with pytest.raises(ValueError, match=message):
    _settings(**flags)


@pytest.mark.parametrize('preset', sorted(_EXPERIMENT.presets))
def test_every_preset_trains_its_prior_in_the_end(preset):
  settings = _EXPERIMENT.make_settings(preset, {})
  assert 0 < settings.prior_burn_in < settings.steps
