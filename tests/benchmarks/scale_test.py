"""The rows of the benchmark of scale."""

from __future__ import annotations

import pytest

from benchmarks import scale


def _cells(line: str) -> list[str]:
  return [cell.strip() for cell in line.strip('|').split('|')]


def _figures(microseconds: float) -> dict[str, float]:
  return {
    'steps_per_second': 10.0,
    'cpu_ms': 200.0,
    'microseconds': microseconds,
    'megabytes': 7.4,
    'evaluations': 6.0,
  }


_ROWS = {
  ('batch', 'iwae', scale.Size(batch=10)): _figures(6.0),
  ('batch', 'iwae', scale.Size(batch=100)): _figures(2.0),
  ('batch', 'iwae', scale.Size(batch=1000)): _figures(3.0),
  ('batch', 'vimco', scale.Size(batch=10)): _figures(1.0),
}


def test_each_row_stands_beside_the_cheapest_of_its_axis_and_estimator():
  rows = [_cells(line) for line in scale.table(_ROWS).splitlines()[2:]]
  assert [row[6] for row in rows] == ['3.00', '1.00', '1.50', '1.00']
  assert rows[1][:3] == ['batch 100', 'iwae', '6 x 100']


def test_the_picture_of_an_axis_is_a_file_of_its_own(tmp_path):
  rows = {**_ROWS, ('layers', 'iwae', scale.Size(layers=2)): _figures(1.0)}
  scale.draw(rows, tmp_path / 'scale.png')
  names = {path.name for path in tmp_path.iterdir()}
  assert names == {'scale_batch.png', 'scale_layers.png'}


def test_an_evaluation_is_counted_as_the_estimator_counts(monkeypatch):
  monkeypatch.setattr(scale, '_PIXELS', 6)
  monkeypatch.setattr(scale, '_SECONDS', 0.01)
  figures = scale.run_size('disarm', scale.Size(4, batch=3, latents=2))
  assert figures['evaluations'] == 4  # two pairs
  assert figures['microseconds'] == pytest.approx(
    1e6 / figures['steps_per_second'] / (4 * 3)
  )


@pytest.mark.parametrize('estimator', scale.ESTIMATORS)
def test_each_layer_has_a_network_in_either_direction(estimator):
  size = scale.Size(samples=2, latents=3, layers=3)
  model = scale.make_model(estimator, size)
  assert model.num_layers == 3
  assert model.estimator.num_samples == 2


def test_an_estimator_of_several_samples_has_no_row_of_one():
  one, two = scale.Size(samples=1), scale.Size(samples=2)
  assert [scale.fits(name, one) for name in scale.ESTIMATORS] == [
    False,
    False,
    True,
  ]
  assert all(scale.fits(name, two) for name in scale.ESTIMATORS)
