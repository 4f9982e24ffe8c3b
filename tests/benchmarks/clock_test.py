"""Tests of the clock."""

from benchmarks import clock


def test_laps_are_medians_per_unit(monkeypatch):
  times = iter([(0.0, 0.0), (9.0, 9.0), (11.0, 10.0), (13.0, 14.0)])
  monkeypatch.setattr(clock, '_now', lambda: next(times))
  laps = clock.Laps()
  for _ in range(4):
    laps.lap()
  assert laps.cost(units=2, skip=1) == clock.Cost(1.0, 1.25)
