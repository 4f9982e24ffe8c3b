"""Settings: ranges, presets and flags, help texts, labels."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from experiments.binary import experiment as binary_experiment
from experiments.binary import settings as binary_settings
from experiments.framework import settings as settings_lib
from experiments.hvae import experiment as hvae_experiment
from experiments.implicit_vae import experiment as implicit_experiment
from experiments.iwae import experiment as iwae_experiment
from experiments.topic_model import experiment as topic_experiment

_EXPERIMENTS: dict[str, Any] = {
  experiment.name: experiment
  for experiment in (
    binary_experiment.EXPERIMENT,
    hvae_experiment.EXPERIMENT,
    implicit_experiment.EXPERIMENT,
    iwae_experiment.EXPERIMENT,
    topic_experiment.EXPERIMENT,
  )
}
_make = binary_experiment.EXPERIMENT.make_settings


def test_a_flag_wins_over_a_preset_and_a_preset_over_a_default() -> None:
  settings = _make('mnist_nonlinear', {'batch_size': 7})
  assert (settings.dataset, settings.architecture) == ('mnist', 'nonlinear')
  assert settings.batch_size == 7
  assert settings.steps == binary_settings.BinarySettings.steps == 1_000_000


def test_few_steps_shorten_the_interval_of_evaluation() -> None:
  assert _make('digits', {'steps': 300}).eval_every == 300
  assert _make('digits', {'steps': 300, 'eval_every': 100}).eval_every == 100


@pytest.mark.parametrize(
  ('flags', 'message'),
  [
    ({'estimator': 'vimko'}, r"one of aisle, .*Received: name='vimko'"),
    ({'estimator': 'vimco', 'num_pairs': 2}, 'Received: num_pairs'),
    ({'estimator': 'vimco', 'num_samples': 1}, 'num_samples=1'),
    ({'dataset': 'minst'}, 'Expected one of digits.*Received: minst'),
    ({'steps': 1500, 'eval_every': 1000}, 'steps=1500, eval_every=1000'),
    ({'batch_size': 0}, '--batch_size must be at least 1. Received: 0'),
    ({'encoder_learning_rate': -1.0}, 'encoder_learning_rate.*-1.0'),
    ({'decoder_learning_rate': float('nan')}, 'Received: nan'),
  ],
)
def test_bad_values_are_refused(flags: dict[str, Any], message: str) -> None:
  with pytest.raises(ValueError, match=message):
    _make('digits', flags)


def test_unknown_preset_names_the_choices() -> None:
  with pytest.raises(ValueError, match='mnist_linear.*Received: mnist'):
    _make('mnist', {})


def test_a_new_default_keeps_help_and_range_of_the_base_class() -> None:
  @dataclasses.dataclass(frozen=True)
  class Base(settings_lib.Settings):
    units: int = settings_lib.setting(5, 'Their number.', at_least=2)

  @dataclasses.dataclass(frozen=True)
  class Derived(Base):
    units: int = settings_lib.setting(7)

  assert Derived.rule('units').help == 'Their number.'
  assert Derived().units == 7
  with pytest.raises(ValueError, match='--units must be at least 2'):
    Derived(units=1)


@pytest.mark.parametrize('name', _EXPERIMENTS)
def test_every_preset_makes_settings_and_an_estimator(name: str) -> None:
  experiment = _EXPERIMENTS[name]
  for preset in experiment.presets:
    settings = experiment.make_settings(preset, {})
    assert settings.make_estimator().num_samples >= 1
    assert settings.steps % settings.steps_per_execution == 0


@pytest.mark.parametrize('name', _EXPERIMENTS)
def test_every_setting_has_help_for_its_flag(name: str) -> None:
  settings = _EXPERIMENTS[name].settings
  for field in dataclasses.fields(settings):
    assert settings.rule(field.name).help


@pytest.mark.parametrize(
  ('name', 'flags'),
  [
    (
      'train_binary',
      [
        {'estimator': 'vimco', 'num_samples': 4},
        {'estimator': 'vimco', 'num_samples': 5},
        {'num_layers': 2},
      ],
    ),
    (
      'train_iwae',
      [
        {'num_samples': 3},
        {'estimator': 'elbo'},
        {'num_layers': 2},
        {'optimizer': 'adam'},
        {'init_from': 'runs/vae'},
        {'estimator': 'aisle', 'options': 'divergence=chi2'},
        {'estimator': 'aisle', 'options': 'divergence=kl'},
      ],
    ),
    (
      'train_topic_model',
      [
        {'reparameterization': 'rsvi'},
        {'estimator': 'reinforce'},
        {'num_samples': 2},
        {'topics': 7},
      ],
    ),
    (
      'train_hvae',
      [
        {'leapfrog_steps': 0},
        {'tempering': 'free'},
        {'step_size_per_step': True},
        {'optimizer': 'adamax'},
        {'initializer': 'glorot'},
      ],
    ),
    (
      'train_implicit_vae',
      [{'latent': 'beta'}, {'units': 3}, {'num_samples': 2}],
    ),
  ],
)
def test_labels_tell_runs_apart(name: str, flags: list[dict[str, Any]]) -> None:
  experiment = _EXPERIMENTS[name]
  preset = next(iter(experiment.presets))
  values = [{}, {'seed': 1}, *flags]
  labels = {experiment.make_settings(preset, v).label for v in values}
  assert len(labels) == len(values)
