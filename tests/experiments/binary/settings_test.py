"""Tests of the settings of a run of binary latent variables."""

import pytest

from experiments.binary import experiment as binary_experiment

_make = binary_experiment.EXPERIMENT.make_settings


def test_defaults_are_the_originals():
  settings = _make('mnist_linear', {})
  assert (
    settings.encoder_learning_rate == settings.decoder_learning_rate == 1e-4
  )
  assert settings.prior_learning_rate == 1e-2
  assert settings.batch_size == 50
  assert settings.eval_every == 1000
  assert settings.demean_input and settings.initialize_with_bias


def test_every_preset_has_the_estimator_of_the_paper():
  for preset in binary_experiment.EXPERIMENT.presets:
    assert _make(preset, {}).make_estimator().num_samples == 2  # one pair


def test_an_unknown_architecture_is_refused():
  with pytest.raises(ValueError, match='linear, nonlinear.*Received: deep'):
    _make('digits', {'architecture': 'deep'})
