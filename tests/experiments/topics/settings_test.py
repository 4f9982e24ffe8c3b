"""Tests of the settings of a topic model."""

import dataclasses

import pytest

from experiments import train_topic_model
from experiments.topics import settings as topic_settings


def _settings(**flags):
  return topic_settings.make('bars', flags)


def test_published_preset_is_the_papers():
  made = topic_settings.make('newsgroups', {})
  assert (made.topics, made.hidden_units, made.hidden_layers) == (50, 300, 3)
  assert (made.batch_size, made.learning_rate) == (32, 3e-4)
  assert (made.steps, made.prior_burn_in) == (180_000, 120_000)
  assert (made.minimum_concentration, made.maximum_concentration) == (1e-3, 1e3)
  assert made.prior_concentration == 0.7
  assert made.make_estimator().num_samples == 1
  assert type(made.make_estimator()).__name__ == 'Elbo'


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


def test_every_setting_has_help_for_its_flag():
  names = {field.name for field in dataclasses.fields(topic_settings.Settings)}
  assert names == set(train_topic_model.HELP)


def test_labels_tell_runs_apart():
  flags = [
    {},
    {'reparameterization': 'rsvi'},
    {'estimator': 'reinforce'},
    {'num_samples': 2},
    {'topics': 7},
    {'seed': 1},
  ]
  labels = {_settings(**given).label for given in flags}
  assert len(labels) == len(flags)


@pytest.mark.parametrize('preset', sorted(topic_settings.PRESETS))
def test_every_preset_trains_its_prior_in_the_end(preset):
  made = topic_settings.make(preset, {})
  assert 0 < made.prior_burn_in < made.steps
  assert made.steps % made.steps_per_execution == 0
