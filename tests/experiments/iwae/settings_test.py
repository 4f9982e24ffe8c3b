"""Tests of the settings of an IWAE run."""

import dataclasses

import pytest

from experiments import train_iwae
from experiments.iwae import optimizer as iwae_optimizer
from experiments.iwae import settings as iwae_settings


def test_published_presets_are_the_papers():
  one = iwae_settings.make('mnist_1_layer', {})
  two = iwae_settings.make('mnist_2_layers', {})
  assert one.batch_size == 20
  assert one.steps == 3280 * 59_600 / 20
  assert one.eval_every == one.stage_steps == 59_600 / 20
  assert one.valid_examples == 400
  assert (one.units, one.hidden_units, one.test_samples) == (50, 200, 5000)
  assert one.test_examples is None  # all
  assert dataclasses.replace(one, num_layers=2) == two


def test_the_switch_takes_the_steps_of_the_last_stage():
  ends = iwae_optimizer.stage_ends(2_980, 3.0)
  assert iwae_settings.make('mnist_switch', {}).steps == ends[7] - ends[6]


@pytest.mark.parametrize(
  'preset', sorted(set(iwae_settings.PRESETS) - {'mnist_switch'})
)
def test_every_preset_ends_with_its_stages(preset):
  made = iwae_settings.make(preset, {})
  ends = iwae_optimizer.stage_ends(made.stage_steps, made.stage_growth)
  assert made.steps == ends[-1]
  assert made.make_estimator().num_samples >= 1


def test_options_reach_the_estimator():
  flags = {'estimator': 'aisle', 'num_samples': 3}
  options = 'divergence=2.5,reparameterized=False'
  made = iwae_settings.make('digits', {**flags, 'options': options})
  estimator = made.make_estimator()
  assert estimator.divergence == 2.5
  assert estimator.reparameterized is False
  named = iwae_settings.make(
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
    iwae_settings.make('digits', flags)


def test_every_setting_has_help_for_its_flag():
  names = {field.name for field in dataclasses.fields(iwae_settings.Settings)}
  assert names == set(train_iwae.HELP)


def test_labels_tell_runs_apart():
  flags = [
    {},
    {'num_samples': 3},
    {'estimator': 'elbo'},
    {'num_layers': 2},
    {'optimizer': 'adam'},
    {'init_from': 'runs/vae'},
    {'seed': 1},
    {'estimator': 'aisle', 'options': 'divergence=chi2'},
    {'estimator': 'aisle', 'options': 'divergence=kl'},
  ]
  labels = {iwae_settings.make('digits', given).label for given in flags}
  assert len(labels) == len(flags)
