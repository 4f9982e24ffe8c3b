"""Tests of the files, reports and checks that all experiments share."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import tensorflow as tf

from experiments.binary import experiment as binary_experiment
from experiments.binary import settings as binary_settings
from experiments.framework import directory as run_directory
from tests.experiments import conftest

_FLAGS = {
  'steps': 40,
  'eval_every': 20,
  'eval_samples': 5,
  'eval_examples': 20,
  'units': 4,
  'track_variance': True,
  'jit_compile': False,
}
_EXPERIMENT = binary_experiment.EXPERIMENT


@pytest.fixture(scope='module')
def finished(
  tmp_path_factory, without_gradient_statistics
) -> conftest.Finished:
  """A finished run with everything that it leaves."""
  del without_gradient_statistics
  path = tmp_path_factory.mktemp('run') / 'one'
  results = _EXPERIMENT.run(_EXPERIMENT.make_settings('digits', _FLAGS), path)
  return conftest.Finished(path, results)


def test_a_finished_run_leaves_all_its_files(finished) -> None:
  path, results = finished
  stored = json.loads((path / 'results.json').read_text(encoding='utf-8'))
  assert stored == results
  config = json.loads((path / 'config.json').read_text(encoding='utf-8'))
  assert config['units'] == 4
  for name in ('learning_curve', 'samples', 'reconstructions'):
    assert (path / f'{name}.png').stat().st_size > 1000
  names = {file.name for file in (path / 'checkpoints').iterdir()}
  assert {'ckpt-20.index', 'ckpt-40.index', 'checkpoint'} <= names
  loaded = tf.saved_model.load(str(path / 'saved_model'))
  expected = {'encode', 'decode', 'sample', 'bound', 'serving_default'}
  assert set(loaded.signatures) == expected
  lines = run_directory.read_metrics(path)
  assert [line['step'] for line in lines] == [20, 40]
  for line in lines:
    assert line['gradient_variance_encoder'] > 0
  assert list(lines[0]) == [
    'step',
    'train_bound',
    'valid_bound',
    'gradient_variance_encoder',
  ]


def test_a_finished_run_is_reported_and_not_trained_again(
  finished, capsys
) -> None:
  path, results = finished
  before = (path / 'metrics.jsonl').read_bytes()
  settings = _EXPERIMENT.make_settings('digits', _FLAGS)
  assert _EXPERIMENT.run(settings, path) == results
  assert (path / 'metrics.jsonl').read_bytes() == before
  printed = capsys.readouterr().out
  assert 'finished run' in printed
  assert _EXPERIMENT.table(results, settings) in printed
  assert '8x8 digits of scikit-learn' in printed  # The note of the data.


def test_another_configuration_is_refused_by_the_names_of_its_flags(
  finished,
) -> None:
  other = _EXPERIMENT.make_settings(
    'digits', {**_FLAGS, 'batch_size': 10, 'seed': 3}
  )
  with pytest.raises(ValueError, match=r'batch_size=10 \(there: 50\), seed=3'):
    _EXPERIMENT.run(other, finished.path)


def test_a_class_that_lacks_a_part_has_no_instance() -> None:
  class Incomplete(binary_experiment.BinaryExperiment):
    measure = binary_experiment.image_experiment.ImageExperiment.measure

  with pytest.raises(TypeError, match='abstract.*measure'):
    Incomplete()  # type: ignore[abstract]


def test_a_setting_without_a_help_text_has_no_experiment() -> None:
  @dataclasses.dataclass(frozen=True)
  class Mute(binary_settings.BinarySettings):
    depth: int = 3

  class Silent(binary_experiment.BinaryExperiment):
    settings: Any = Mute

  with pytest.raises(ValueError, match='Mute.depth needs a help text'):
    Silent()
