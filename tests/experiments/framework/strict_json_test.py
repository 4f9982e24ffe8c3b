"""Tests of the JSON in run directories: strict, and as it was written."""

import json
import math

import numpy as np
import pytest
import tensorflow as tf

from experiments.framework import directory as run_directory


def test_damage_elsewhere_is_an_error(tmp_path):
  path = tmp_path / 'metrics.jsonl'
  path.write_text('{"step": 1}\n{"step": \n{"step": 3}\n')
  with pytest.raises(ValueError, match=r'metrics\.jsonl, line 2'):
    run_directory.read_metrics(path)
  path.write_text('[1]\n')
  with pytest.raises(ValueError, match='line 1'):
    run_directory.read_metrics(path)


def test_numbers_of_all_kinds_are_read_as_they_were(tmp_path):
  run = run_directory.RunDirectory.open(tmp_path, {})
  run.log(
    np.int64(5),
    double=0.1,
    single=np.float32(0.1),
    tensor=tf.constant(2.5),
    integer=7,
    bad=float('nan'),
    high=tf.constant(np.inf),
    low=np.float64(-np.inf),
  )
  text = (tmp_path / 'metrics.jsonl').read_text(encoding='utf-8')
  assert text == (
    '{"step": 5, "double": 0.1, "single": 0.10000000149011612,'
    ' "tensor": 2.5, "integer": 7, "bad": "nan", "high": "inf",'
    ' "low": "-inf"}\n'
  )

  def refuse(constant):
    raise AssertionError(f'{constant} is not JSON')

  json.loads(text, parse_constant=refuse)
  (line,) = run_directory.read_metrics(tmp_path)
  assert math.isnan(line.pop('bad'))
  assert line == {
    'step': 5,
    'double': 0.1,
    'single': float(np.float32(0.1)),
    'tensor': 2.5,
    'integer': 7,
    'high': math.inf,
    'low': -math.inf,
  }


@pytest.mark.parametrize('value', ['low', None, [1.0], np.zeros(2)])
def test_only_numbers_are_logged(tmp_path, value):
  run = run_directory.RunDirectory.open(tmp_path, {})
  with pytest.raises(ValueError, match='bound=.* at step 3'):
    run.log(3, bound=value)
  assert run_directory.read_metrics(tmp_path) == []


def test_results_are_strict_json_and_replace_former_ones(tmp_path):
  run = run_directory.RunDirectory.open(tmp_path, {})
  run.write_json('results.json', {'bound': -1.0})
  run.write_json(
    'results.json',
    {'test': {'bound': np.float32(-90.5), 'ess': [float('nan'), 2]}},
  )
  assert run.finished
  stored = json.loads((tmp_path / 'results.json').read_text(encoding='utf-8'))
  assert stored == {'test': {'bound': -90.5, 'ess': ['nan', 2]}}
  with pytest.raises(ValueError, match='of type set'):
    run.write_json('results.json', {'test': {1, 2}})
  assert (
    json.loads((tmp_path / 'results.json').read_text(encoding='utf-8'))
    == stored
  )
  assert sorted(entry.name for entry in tmp_path.iterdir()) == [
    'config.json',
    'results.json',
  ]
