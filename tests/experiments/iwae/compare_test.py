"""Tests of the table that compares VAE and IWAE."""

import numpy as np
import pytest

from experiments.framework import directory as run_directory
from experiments.framework import paired_bounds
from experiments.iwae import compare as iwae_compare

_COMPARISON = iwae_compare.COMPARISON


def _pretend_to_train(settings, path, sources=None):
  """Returns results without a model; the bound of image i is -K - i^K."""
  del sources
  k = settings.num_samples
  bounds = -k - np.arange(4.0) ** k
  directory = run_directory.RunDirectory.open(path, {'seed': settings.seed})
  directory.log(10, valid_bound=-2.0)
  directory.log(20, valid_bound=-1.0)
  paired_bounds.write(directory, test_bounds=bounds)
  return {
    'binarization': 'dynamic',
    'test_samples': 5000,
    'test_examples': 4,
    'test_bound': bounds.mean(),
    'active_units': [7, 2],
    'bound_without_inactive': None,
    'steps_per_second': 100.0,
  }


def test_a_comparison_says_what_it_compares(tmp_path, monkeypatch):
  monkeypatch.setattr(_COMPARISON.experiment, 'run', _pretend_to_train)
  rows = ['VAE = IWAE K=1', 'IWAE K=5']
  text = _COMPARISON.run(
    'digits', {'steps': 120}, {'rows': rows}, [0, 1], tmp_path
  )
  assert (
    text == (tmp_path / 'comparison.md').read_text(encoding='utf-8').strip()
  )
  assert (tmp_path / 'comparison.png').stat().st_size > 1000
  header, _, first, second = (
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in text.splitlines()
  )
  assert header[:2] == [
    'digits, 1 layer(s), 120 steps',
    'L_5000, 4 test images, dynamic binarization (nats)',
  ]
  gain = np.array([0, 0, -30, -240]) - 4
  error = gain.std() / 2
  assert first[:3] == [rows[0], '-2.50 / -2.50', '+0.00 ± 0.00 / +0.00 ± 0.00']
  one = f'{gain.mean():+.2f} ± {error:.2f}'
  assert second[2:] == [f'{one} / {one}', '7+2 / 7+2', '- / -', '100 / 100']


def test_binarizations_share_no_table(tmp_path):
  settings = _COMPARISON.experiment.make_settings('digits', {'num_samples': 1})
  results = _pretend_to_train(settings, tmp_path)
  mixed = {'a': [results], 'b': [{**results, 'binarization': 'fixed'}]}
  with pytest.raises(ValueError, match="agree in binarization.*'fixed'"):
    _COMPARISON.columns(mixed)


def test_an_unknown_row_names_the_choices(tmp_path):
  with pytest.raises(ValueError, match='Unknown --rows.*IWAE K=5.*IWAE K=7'):
    _COMPARISON.run('digits', {}, {'rows': ['IWAE K=7']}, [0], tmp_path)
