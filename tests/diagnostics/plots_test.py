"""Tests of the figures of gradient variance and bias."""

from __future__ import annotations

import builtins
import pathlib
from typing import Any

from matplotlib import image as mpl_image
import numpy as np
import pytest

from tf_mco import diagnostics
from tf_mco.diagnostics import plots


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list:
  """Returns a list that receives every figure when it is saved."""
  figures = []
  save = plots._save

  def note(figure: Any, path: Any) -> None:
    figures.append(figure)
    save(figure, path)

  monkeypatch.setattr(plots, '_save', note)
  return figures


def _statistics(
  variance: float, standard_error: float = 0.0
) -> diagnostics.GradientStatistics:
  return diagnostics.GradientStatistics(
    means=(),
    variances=(),
    variance=variance,
    standard_error=standard_error,
    total_variance=0.0,
    signal_to_noise=0.0,
    num_draws=40,
    evaluations=2,
  )


def test_variance_bars(tmp_path: pathlib.Path, saved: list) -> None:
  measured = {
    'arm': {'encoder': _statistics(0.2, 0.15), 'prior': _statistics(0.0)},
    'disarm': {'encoder': _statistics(0.1, 0.01), 'prior': _statistics(2.0)},
  }
  path = tmp_path / 'bars.png'
  plots.variance_bars(measured, path, title='title')
  assert mpl_image.imread(path).std() > 0.05
  encoder, prior = saved[0].axes
  ends = [bar.get_x() + bar.get_width() for bar in encoder.patches]
  np.testing.assert_allclose(ends, [0.2, 0.1])
  assert [text.get_text() for text in prior.texts] == ['0', '2']
  assert prior.patches[0].get_width() == 0
  assert [label.get_text() for label in encoder.get_yticklabels()] == [
    'arm',
    'disarm',
  ]


@pytest.mark.parametrize(
  'measured',
  [
    {},
    {'arm': {}},
    {'arm': {'encoder': _statistics(1.0)}, 'disarm': {}},
  ],
)
def test_bars_of_different_groups(
  tmp_path: pathlib.Path, measured: Any
) -> None:
  with pytest.raises(ValueError, match='in the same groups'):
    plots.variance_bars(measured, tmp_path / 'bars.png')


def test_bias_scores(tmp_path: pathlib.Path, saved: list) -> None:
  z = np.array([[3.0, -1.0, 0.0], [0.5, np.inf, -2.0]])
  check = diagnostics.BiasCheck(
    z={'encoder': (z,)},
    difference={'encoder': (z,)},
    mean_entry_z={'encoder': 1.25},
    max_abs_z=np.inf,
    threshold=4.0,
    false_alarm_rate=1e-3,
    num_draws=1000,
    passed=False,
  )
  path = tmp_path / 'bias.png'
  plots.bias_scores(check, path)
  assert mpl_image.imread(path).std() > 0.05
  (axes,) = saved[0].axes
  points = axes.lines[0]
  np.testing.assert_array_equal(points.get_ydata(), [-2, -1, 0.5, 3, np.inf])
  np.testing.assert_allclose(points.get_xdata()[2], 0, atol=1e-12)
  assert 'biased: largest |z| = inf' in axes.get_title(loc='left')
  assert '6 entries, z of their mean 1.2' in points.get_label()
  assert axes.get_ylim()[0] < -4


def test_variance_along_a_run(tmp_path: pathlib.Path, saved: list) -> None:
  metrics = [
    {
      'step': step,
      'basket/disarm/encoder': 0.1 * step,
      'basket/a/b/encoder': 0.3 * step,
      'basket/disarm/prior': 7.0,
      'gradient_variance/encoder': 0.2 * step,
      'loss': 1.0,
    }
    for step in (100, 200)
  ] + [{'step': 300, 'loss': 1.0}]
  path = tmp_path / 'run.png'
  plots.variance_along_run(metrics, path)
  assert mpl_image.imread(path).std() > 0.05
  (axes,) = saved[0].axes
  drawn = {line.get_label(): line for line in axes.lines}
  assert set(drawn) == {'disarm', 'a/b', 'running estimate'}
  np.testing.assert_array_equal(drawn['disarm'].get_xdata(), [100, 200])
  np.testing.assert_allclose(drawn['disarm'].get_ydata(), [10, 20])
  assert axes.get_yscale() == 'log'
  with pytest.raises(ValueError, match='at least one series'):
    plots.variance_along_run(metrics, path, group='decoder')


def test_without_matplotlib_the_error_names_the_extra(
  tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
  real_import = builtins.__import__

  def without_matplotlib(name: str, *arguments: Any) -> Any:
    if name.startswith('matplotlib'):
      raise ImportError(name)
    return real_import(name, *arguments)

  monkeypatch.setattr(builtins, '__import__', without_matplotlib)
  with pytest.raises(ImportError, match=r'tf-mco\[plots\]'):
    plots.variance_along_run(
      [{'step': 1, 'basket/arm/encoder': 2.0}], tmp_path / 'run.png'
    )
