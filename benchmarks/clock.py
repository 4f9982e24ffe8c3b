"""Wall and CPU time of repeated work."""

from __future__ import annotations

from collections.abc import Callable
import resource
import statistics
import time
from typing import NamedTuple


class Cost(NamedTuple):
  """Medians over the repeats, in seconds for one unit of work."""

  wall: float
  cpu: float


class Laps:
  """Measures the time between calls of `lap`."""

  def __init__(self) -> None:
    self._last: tuple[float, float] | None = None
    self.laps: list[tuple[float, float]] = []

  def start(self) -> None:
    """Begins a lap without ending one."""
    self._last = _now()

  def lap(self) -> None:
    """Ends a lap and begins the next."""
    now = _now()
    if self._last is not None:
      self.laps.append((now[0] - self._last[0], now[1] - self._last[1]))
    self._last = now

  def cost(self, units: int, skip: int) -> Cost:
    """Returns medians for one of `units`, without the first `skip` laps."""
    laps = self.laps[skip:]
    return Cost(
      statistics.median(wall for wall, _ in laps) / units,
      statistics.median(cpu for _, cpu in laps) / units,
    )


def measure(work: Callable[[], object], *, units: int, repeats: int) -> Cost:
  """Returns the cost of one of the `units` that a call of `work` does."""
  laps = Laps()
  work()
  laps.start()
  for _ in range(repeats):
    work()
    laps.lap()
  return laps.cost(units, skip=1)


def peak_megabytes() -> float:
  """Returns the largest resident memory of this process so far."""
  return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _now() -> tuple[float, float]:
  usage = resource.getrusage(resource.RUSAGE_SELF)
  return time.perf_counter(), usage.ru_utime + usage.ru_stime
