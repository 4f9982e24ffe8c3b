"""Shows how far a run has come, on the terminal or in a log."""

from collections.abc import Callable, Mapping
import sys
import time
from typing import Any, TextIO

import keras
import tqdm

_Logs = Mapping[str, Any] | None

_TERMINAL_SECONDS = 0.3
_LOG_SECONDS = 10.0
_BAR = (
  '{percentage:3.0f}%|{bar}| {n:,}/{total:,}{postfix}, {rate_noinv_fmt},'
  ' {remaining} left'
)


class Progress(keras.callbacks.Callback):
  """A bar over all steps of a run, or plain lines without a terminal.

  The bar shows the running bound in nats, steps per second and the time left.
  It outlives a call of `fit`, so that a run may consist of several calls.
  `close` the bar where a run ends early.

  Steps are counted as Keras counts them: `steps_per_execution` at a time. If
  this number does not divide `steps_per_epoch`, Keras runs more steps than were
  asked for. If the data end before, Keras reports more steps than it ran.

  Attributes:
    step: training steps done, those of earlier processes included.
  """

  def __init__(
    self,
    total_steps: int,
    first_step: int = 0,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
  ):
    """Prepares a bar, which appears when training begins.

    Args:
      total_steps: steps of the whole run.
      first_step: the steps that the run did before.
      stream: the bar is written to this stream, by default stderr.
      clock: returns seconds.
    Raises:
      ValueError: unless 0 <= first_step <= total_steps.
    """
    super().__init__()
    if not 0 <= first_step <= total_steps:
      raise ValueError(
        'Expected 0 <= first_step <= total_steps. Received:'
        f' first_step={first_step}, total_steps={total_steps}'
      )
    self.step = first_step
    self._total = total_steps
    self._stream = stream or sys.stderr
    self._clock = clock
    self._epoch_start = first_step
    self._logs: _Logs = None
    self._bar: tqdm.tqdm | None = None
    self._interval = _LOG_SECONDS
    self._start: tuple[int, float] | None = None
    # The step and the time when the bar was updated last.
    self._shown = (first_step, 0.0)

  def on_train_begin(self, logs: _Logs = None) -> None:
    """Shows the bar, unless an earlier `fit` did."""
    if self._start is not None:
      return
    self._start = self._shown = (self.step, self._clock())
    if not self._stream.isatty():
      return
    self._interval = _TERMINAL_SECONDS
    self._bar = tqdm.tqdm(
      total=self._total,
      initial=self.step,
      file=self._stream,
      unit=' steps',
      bar_format=_BAR,
      dynamic_ncols=True,
      smoothing=0.05,  # The rate hardly notices pauses for evaluation.
      mininterval=0,  # This class waits between updates, not tqdm.
      miniters=0,
    )

  def on_epoch_begin(self, epoch: int, logs: _Logs = None) -> None:
    """Notes where the indices of an epoch start."""
    self._epoch_start = self.step

  def on_train_batch_end(self, batch: int, logs: _Logs = None) -> None:
    """Counts the steps of an execution.

    Args:
      batch: the index, within the epoch, of the last step executed.
      logs: 'bound' among them, in nats.
    """
    self.step = min(self._epoch_start + batch + 1, self._total)
    self._logs = logs
    if self._clock() - self._shown[1] >= self._interval:
      self._show()

  def on_train_end(self, logs: _Logs = None) -> None:
    """Closes the bar after the last step of the run."""
    if self.step >= self._total:
      self.close()

  def write(self, line: str) -> None:
    """Prints a line, above the bar if there is one."""
    if self._bar is not None:
      self._bar.write(line, file=self._stream)
    else:
      print(line, file=self._stream, flush=True)

  def close(self) -> None:
    """Shows the last step, and ends the line of the bar."""
    if self.step > self._shown[0]:
      self._show()
    if self._bar is not None:
      self._bar.close()
      self._bar = None

  def _show(self) -> None:
    bound = (self._logs or {}).get('bound')
    bound_text = '' if bound is None else f'bound {bound:.2f} nats'
    if self._bar is not None:
      self._bar.set_postfix_str(bound_text, refresh=False)
      self._bar.update(self.step - self._bar.n)
      self._shown = (self.step, self._clock())
    else:
      self._show_line(bound_text)

  def _show_line(self, bound_text: str) -> None:
    now = self._clock()
    parts = [bound_text] if bound_text else []
    last_step, last_time = self._shown
    if now > last_time:
      parts.append(f'{(self.step - last_step) / (now - last_time):.1f} steps/s')
    start_step, start_time = self._start or self._shown
    if self.step > start_step:
      # The rate of the whole run, with its pauses for evaluation.
      seconds = (now - start_time) / (self.step - start_step)
      left = seconds * (self._total - self.step)
      parts.append(f'{tqdm.tqdm.format_interval(left)} left')
    self._shown = (self.step, now)
    self.write(f'step {self.step:,}/{self._total:,}: {", ".join(parts)}')
