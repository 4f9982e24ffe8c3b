"""The reference of the accuracy study, and the table of errors."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from scipy import stats
import tensorflow as tf

from experiments.studies.implicit_accuracy import derivatives
from experiments.studies.implicit_accuracy import study


@pytest.mark.parametrize(
  # dx / d alpha at fixed F, which mpmath gives as
  # -diff(lambda a: gammainc(a, 0, x, regularized=True), alpha) / density(x).
  ('alpha', 'x', 'slope'),
  [
    (0.1, 0.01, 0.422793438129703),
    (0.5, 0.3, 1.00980194594885),
    (2.5, 1.7, 0.875044381420404),
    (100.0, 110.0, 1.05016062124572),
  ],
)
def test_reference(alpha: float, x: float, slope: float) -> None:
  derivative = derivatives.reference(alpha, np.log(x)) * x
  np.testing.assert_allclose(derivative, slope, rtol=1e-12)


@pytest.mark.parametrize('probability', derivatives.QUANTILES)
def test_quantile(probability: float) -> None:
  for alpha in (0.5, 30.0):
    log_x = derivatives.quantile(alpha, probability)
    expected = np.log(stats.gamma.ppf(probability, alpha))
    np.testing.assert_allclose(log_x, expected, atol=1e-8)


def test_table_tells_nan_and_error(tmp_path: pathlib.Path) -> None:
  table = study.STUDY.run(study.AccuracySettings(points=2), tmp_path)
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
  exact = derivatives.reference(2.0, 0.5)
  found = derivatives.ours(np.array([2.0]), np.array([0.5]), tf.float64)
  other = derivatives.ours(np.array([2.01]), np.array([0.5]), tf.float64)
  assert abs(found[0] / exact - 1) < 1e-12 < 1e-4 < abs(other[0] / exact - 1)


def test_bad_input() -> None:
  with pytest.raises(ValueError, match='Received: 1'):
    study.AccuracySettings(points=1)
