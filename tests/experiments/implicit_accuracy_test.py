"""The reference of the accuracy study, and what it says of us."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from experiments import implicit_accuracy


@pytest.mark.parametrize(
  ('alpha', 'x', 'slope'),  # CASES.md I1, by mpmath
  [
    (0.1, 0.01, 0.422793438129703),
    (0.5, 0.3, 1.00980194594885),
    (2.5, 1.7, 0.875044381420404),
    (100.0, 110.0, 1.05016062124572),
  ],
)
def test_reference(alpha: float, x: float, slope: float) -> None:
  found = implicit_accuracy.reference(alpha, np.log(x)) * x
  np.testing.assert_allclose(found, slope, rtol=1e-12)


@pytest.mark.parametrize('probability', implicit_accuracy.QUANTILES)
def test_quantile(probability: float) -> None:
  for alpha in (0.5, 30.0):
    found = implicit_accuracy.quantile(alpha, probability)
    expected = np.log(stats.gamma.ppf(probability, alpha))
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_table_tells_nan_and_error(tmp_path: pathlib.Path) -> None:
  table = implicit_accuracy.run(tmp_path, points=2)
  assert (tmp_path / 'accuracy.png').stat().st_size > 0
  assert (tmp_path / 'accuracy.md').read_text(encoding='utf-8') == table + '\n'
  rows = [line.split('|')[1:-1] for line in table.splitlines()[2:]]
  worst = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
  # At 1e-3, where x underflows, and at 1e4; nothing between.
  assert worst['TensorFlow, float32'][0] == 'NaN'
  assert float(worst['TensorFlow, float32'][3]) > 1e-2
  assert float(worst['ours, float32'][0]) < 1e-6
  assert float(worst['ours, float32'][3]) < 1e-6
  assert float(worst['ours, float64'][3]) < 1e-12


def test_an_error_is_seen() -> None:
  exact = implicit_accuracy.reference(2.0, 0.5)
  found = implicit_accuracy.ours(np.array([2.0]), np.array([0.5]), tf.float64)
  other = implicit_accuracy.ours(np.array([2.01]), np.array([0.5]), tf.float64)
  assert abs(found[0] / exact - 1) < 1e-12 < 1e-4 < abs(other[0] / exact - 1)


def test_bad_input(tmp_path: pathlib.Path) -> None:
  with pytest.raises(ValueError, match='Received: 1'):
    implicit_accuracy.run(tmp_path, points=1)
