"""Comparisons: what is trained, the table, the curves, paired gains."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.binary import compare as binary_compare
from experiments.framework import comparison_table
from experiments.framework import directory as run_directory
from experiments.framework import paired_bounds

_FLAGS = {
  'steps': 10,
  'units': 2,
  'eval_samples': 2,
  'eval_examples': 10,
  'jit_compile': False,
}


@pytest.mark.usefixtures('without_export', 'without_gradient_statistics')
def test_a_comparison_trains_each_row_and_goes_on(tmp_path, capsys) -> None:
  compare = binary_compare.COMPARISON.run
  rows = {'estimators': ['VIMCO K=4']}
  text = compare('digits', _FLAGS, rows, [0], tmp_path)
  assert (tmp_path / 'comparison.md').read_text(encoding='utf-8') == text + '\n'
  assert (tmp_path / 'comparison.png').stat().st_size > 0
  lines = [line.split('|')[1:-1] for line in text.splitlines()]
  assert lines[0][0].strip() == '10 steps'
  assert [line[0].strip() for line in lines[2:]] == rows['estimators']
  # The variance is tracked, and its last estimate is in the table.
  column = [cell.strip() for cell in lines[0]].index('gradient variance, EMA')
  assert all(float(line[column]) > 0 for line in lines[2:])
  capsys.readouterr()
  assert compare('digits', _FLAGS, rows, [0], tmp_path) == text
  assert capsys.readouterr().out.count('holds the finished run') == 1


def test_an_unknown_name_names_the_choices(tmp_path) -> None:
  chosen = {'estimators': ['DisARM 1 pair', 'VIMCO']}
  with pytest.raises(ValueError, match='Unknown --estimators.*VIMCO K=4'):
    binary_compare.COMPARISON.run('digits', _FLAGS, chosen, [0], tmp_path)
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('seeds', [[0, 1, 0], []])
def test_every_run_counts_once(tmp_path, seeds: list[int]) -> None:
  """Given twice, a seed would weigh twice, and hide how far seeds differ."""
  rows = {'estimators': ['DisARM 1 pair']}
  with pytest.raises(ValueError, match='Expected --seeds, each once'):
    binary_compare.COMPARISON.run('digits', _FLAGS, rows, seeds, tmp_path)
  rows = {'estimators': ['DisARM 1 pair'] * 2}
  with pytest.raises(ValueError, match='Expected --estimators, each once'):
    binary_compare.COMPARISON.run('digits', _FLAGS, rows, [0], tmp_path)
  assert not list(tmp_path.iterdir())


def test_curves_end_with_the_seed_that_stopped_first(tmp_path) -> None:
  paths = [tmp_path / name for name in ('long', 'short')]
  for path, bounds in zip(paths, ([-4, -2, -3], [-2, -1]), strict=True):
    directory = run_directory.RunDirectory.open(path, {})
    for index, bound in enumerate(bounds):
      directory.log(10 * index + 10, valid_bound=float(bound))
    directory.close()
  curves = comparison_table.curves({'row': paths}, 'valid_bound')
  steps, means = curves['row']
  assert steps.tolist() == [10, 20]
  assert means.tolist() == [-3, -1.5]


def test_gains_are_paired_by_image_and_seed(tmp_path) -> None:
  """The bound of image i is -K - i^K."""
  results: dict = {'K=1': [{}, {}], 'K=5': [{}, {}]}
  paths = {
    label: [tmp_path / f'{label}{s}' for s in (0, 1)] for label in results
  }
  for k, directories in zip((1, 5), paths.values(), strict=True):
    for seed, path in enumerate(directories):
      directory = run_directory.RunDirectory.open(path, {})
      bounds = seed - k - np.arange(4.0) ** k
      paired_bounds.write(directory, test_bounds=bounds)
  paired_bounds.add_gains(results, paths)
  gain = np.array([0, 0, -30, -240]) - 4.0
  expected = f'{gain.mean():+.2f} ± {gain.std() / 2:.2f}'
  assert list(map(paired_bounds.gain, results['K=5'])) == [expected] * 2
  assert list(map(paired_bounds.gain, results['K=1'])) == ['+0.00 ± 0.00'] * 2


def test_a_figure_that_is_absent_is_a_dash() -> None:
  cell = comparison_table.number('bound', '.1f')
  assert (cell({'bound': 1.25}), cell({'bound': None}), cell({})) == (
    '1.2',
    '-',
    '-',
  )


def test_results_of_different_data_share_no_table() -> None:
  rows = {'a': [{'images': 5}], 'b': [{'images': 6}]}
  with pytest.raises(ValueError, match='must agree in images.*5.*6'):
    comparison_table.common(rows, ['images'], 'images')
