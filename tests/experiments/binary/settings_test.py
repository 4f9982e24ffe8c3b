"""Tests of the settings of a run."""

import dataclasses

import pytest

from experiments import train_binary
from experiments.binary import settings


def test_a_flag_wins_over_a_preset_and_a_preset_over_a_default():
  made = settings.make('mnist_nonlinear', {'batch_size': 7})
  assert (made.dataset, made.architecture) == ('mnist', 'nonlinear')
  assert made.batch_size == 7
  assert made.steps == settings.Settings.steps == 1_000_000


def test_defaults_are_the_originals():
  made = settings.make('mnist_linear', {})
  assert made.encoder_learning_rate == made.decoder_learning_rate == 1e-4
  assert made.prior_learning_rate == 1e-2
  assert made.batch_size == 50
  assert made.eval_every == 1000
  assert made.demean_input and made.initialize_with_bias


@pytest.mark.parametrize('preset', settings.PRESETS)
def test_every_preset_makes_settings_and_an_estimator(preset):
  made = settings.make(preset, {})
  assert made.make_estimator().num_samples == 2  # DisARM, one pair


def test_few_steps_shorten_the_interval_of_evaluation():
  assert settings.make('digits', {'steps': 300}).eval_every == 300


@pytest.mark.parametrize(
  'flags, message',
  [
    ({'estimator': 'vimko'}, r"one of aisle, .*Received: name='vimko'"),
    ({'estimator': 'vimco', 'num_pairs': 2}, 'Received: num_pairs'),
    ({'estimator': 'vimco', 'num_samples': 1}, 'num_samples=1'),
    ({'dataset': 'minst'}, 'Expected one of digits.*Received: minst'),
    ({'architecture': 'deep'}, 'linear, nonlinear.*Received: deep'),
    ({'steps': 1500, 'eval_every': 1000}, 'steps=1500, eval_every=1000'),
    ({'batch_size': 0}, '--batch_size must be at least 1. Received: 0'),
    ({'encoder_learning_rate': -1.0}, 'encoder_learning_rate.*-1.0'),
    ({'decoder_learning_rate': float('nan')}, 'Received: nan'),
  ],
)
def test_bad_values_are_refused(flags, message):
  with pytest.raises(ValueError, match=message):
    settings.make('digits', flags)


def test_unknown_preset_names_the_choices():
  with pytest.raises(ValueError, match='mnist_linear.*Received: mnist'):
    settings.make('mnist', {})


def test_every_setting_has_help_for_its_flag():
  names = {field.name for field in dataclasses.fields(settings.Settings)}
  assert names == set(train_binary.HELP)


def test_labels_tell_runs_apart():
  one = settings.make('digits', {'estimator': 'vimco', 'num_samples': 4})
  other = settings.make('digits', {'estimator': 'vimco', 'num_samples': 5})
  deep = settings.make('digits', {'num_layers': 2})
  assert len({one.label, other.label, deep.label}) == 3
