"""A progress bar for work that takes longer than one likes to wait."""

from __future__ import annotations

from collections.abc import Callable
import sys
import time

import keras

_PATIENCE = 2.0  # seconds without a bar


class Progress:
  """Keras's bar over batches, which appears after two seconds of work.

  The bar appears on a terminal and in a notebook. A log file, a pipe and a test
  stay without it.
  """

  def __init__(
    self,
    num_batches: int | None,
    *,
    shown: bool,
    clock: Callable[[], float] = time.monotonic,
  ):
    """Notes the time.

    Args:
      num_batches: how many batches there are, or None if nobody knows.
      shown: whether there is a bar at all.
      clock: returns seconds.
    """
    self._num_batches, self._clock = num_batches, clock
    self._shown = shown and _is_watched()
    self._start, self._done = clock(), 0
    self._bar: keras.utils.Progbar | None = None

  def advance(self) -> None:
    """Counts a batch, and shows the bar if it is time."""
    self._done += 1
    if not self._shown or self._done == self._num_batches and not self._bar:
      return
    if self._bar is None and self._clock() - self._start >= _PATIENCE:
      self._bar = keras.utils.Progbar(self._num_batches, unit_name='batch')
    if self._bar is not None:
      self._bar.update(self._done, finalize=False)

  def close(self) -> None:
    """Ends the line of the bar."""
    if self._bar is not None:
      self._bar.update(self._done, finalize=True)
      self._bar = None


def _is_watched() -> bool:
  """Returns whether somebody sees what is printed while it is printed."""
  return sys.stdout.isatty() or 'ipykernel' in sys.modules
