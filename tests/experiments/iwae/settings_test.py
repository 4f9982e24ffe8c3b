"""Tests of the settings of an IWAE run."""

import dataclasses

import pytest

from experiments.iwae import experiment as iwae_experiment
from experiments.iwae import optimizer as iwae_optimizer
from experiments.iwae import settings as iwae_settings

_make = iwae_experiment.EXPERIMENT.make_settings


def test_published_presets_are_the_papers():
  one = _make('mnist_1_layer', {})
  two = _make('mnist_2_layers', {})
  assert one.batch_size == 20
  assert one.steps == 3280 * 59_600 / 20
  assert one.eval_every == one.stage_steps == 59_600 / 20
  assert one.valid_examples == 400
  assert (one.units, one.hidden_units, one.test_samples) == (50, 200, 5000)
  assert one.test_examples is None  # all
  assert dataclasses.replace(one, num_layers=2) == two


def test_the_switch_takes_the_steps_of_the_last_phase():
  ends = iwae_optimizer.phase_ends(2_980, 3.0)
  assert _make('mnist_switch', {}).steps == ends[7] - ends[6]


@pytest.mark.parametrize(
  'preset', sorted(set(iwae_settings.PRESETS) - {'mnist_switch'})
)
def test_every_preset_ends_with_its_phases(preset):
  settings = _make(preset, {})
  ends = iwae_optimizer.phase_ends(settings.stage_steps, settings.stage_growth)
  assert settings.steps == ends[-1]
  assert settings.make_estimator().num_samples >= 1


def test_options_reach_the_estimator():
  flags = {'estimator': 'aisle', 'num_samples': 3}
  options = 'divergence=2.5,reparameterized=False'
  settings = _make('digits', {**flags, 'options': options})
  estimator = settings.make_estimator()
  assert estimator.divergence == 2.5
  assert estimator.reparameterized is False
  named = _make(
    'digits', {**flags, 'options': 'divergence=chi2'}
  ).make_estimator()
  assert named.divergence == 'chi2'


@pytest.mark.parametrize(
  'flags, message',
  [
    ({'estimator': 'vea'}, 'Unknown estimator.*vea'),
    ({'num_samples': 0}, 'num_samples=0'),
    ({'optimizer': 'sgd'}, '--optimizer. Expected one of burda, adam.*sgd'),
    ({'options': 'divergence'}, '--options must be name=value.*divergence'),
    ({'estimator': 'aisle', 'options': 'divergence=1'}, 'alpha > 1'),
    ({'learning_rate': -1.0}, '--learning_rate must be.*-1.0'),
    ({'test_examples': 0}, '--test_examples must be at least 1'),
    ({'num_layers': 0}, '--num_layers must be at least 1'),
  ],
)
def test_bad_values_are_refused(flags, message):
  with pytest.raises(ValueError, match=message):
    _make('digits', flags)
