"""Tests of the progress bar: its count against what Keras ran, its text."""

import io

import keras
import pytest
import tensorflow as tf

from experiments.framework import progress


class _Terminal(io.StringIO):
  def isatty(self):
    return True


class _Clock:
  """Seconds that pass when told to."""

  def __init__(self):
    self.now = 1_000.0

  def __call__(self):
    return self.now


class _Counter(keras.Model):
  """Counts its training steps; the bound of step n is n."""

  def __init__(self):
    super().__init__()
    self.steps = self.add_weight(
      shape=(), dtype='float32', initializer='zeros', trainable=False
    )

  def call(self, inputs):
    return inputs

  def train_step(self, data):
    self.steps.assign_add(1.0)
    return {'loss': -self.steps, 'bound': self.steps + 0.0}


class _Seen(keras.callbacks.Callback):
  """Notes the true and the shown number of steps after every execution."""

  def __init__(self, shown):
    super().__init__()
    self.pairs = []
    self._shown = shown

  def on_train_batch_end(self, batch, logs=None):
    self.pairs.append((int(self.model.steps.numpy()), self._shown.step))


def _fit(callback, epochs, per_epoch, per_execution):
  model = _Counter()
  model.compile('sgd', steps_per_execution=per_execution)
  seen = _Seen(callback)
  data = tf.data.Dataset.range(epochs * per_epoch).batch(1)
  model.fit(
    data,
    epochs=epochs,
    steps_per_epoch=per_epoch,
    verbose=0,
    shuffle=False,
    callbacks=[callback, seen],
  )
  return seen.pairs


@pytest.mark.parametrize(
  ('epochs', 'per_epoch', 'per_execution'),
  [(3, 4, 1), (3, 20, 10), (1, 30, 10), (2, 10, 10)],
)
def test_counts_what_keras_ran(epochs, per_epoch, per_execution):
  total = epochs * per_epoch
  callback = progress.Progress(total, stream=io.StringIO())
  pairs = _fit(callback, epochs, per_epoch, per_execution)
  expected = list(range(per_execution, total + 1, per_execution))
  assert pairs == [(step, step) for step in expected]


def test_resumed_run_counts_on():
  callback = progress.Progress(70, first_step=40, stream=io.StringIO())
  pairs = _fit(callback, 3, 10, 5)
  assert [shown - ran for ran, shown in pairs] == [40] * 6
  assert callback.step == 70


def test_last_execution_that_is_cut_short():
  """Keras reports the index 19 although the data end after 15 steps."""
  callback = progress.Progress(15, stream=io.StringIO())
  _fit(callback, 1, 15, 10)
  assert callback.step == 15


def test_several_fits_are_one_run():
  stream = _Terminal()
  callback = progress.Progress(30, stream=stream)
  _fit(callback, 1, 10, 5)
  assert '\n' not in stream.getvalue()
  _fit(callback, 2, 10, 5)
  assert callback.step == 30
  assert stream.getvalue().count('\n') == 1
  assert '30/30, bound 20.00 nats' in stream.getvalue()


def _run(callback, clock, batches, seconds, bound=-100.0):
  """Calls a callback as one epoch of Keras does."""
  callback.on_train_begin()
  callback.on_epoch_begin(0)
  for batch in batches:
    clock.now += seconds
    callback.on_train_batch_end(batch, {'bound': bound + batch, 'loss': 0.0})


def test_plain_lines_every_ten_seconds():
  clock, stream = _Clock(), io.StringIO()
  callback = progress.Progress(4_000, 1_000, stream=stream, clock=clock)
  # 100 steps per second for 25 s.
  _run(callback, clock, range(99, 2_500, 100), 1.0)
  assert stream.getvalue().splitlines() == [
    'step 2,000/4,000: bound 899.00 nats, 100.0 steps/s, 00:20 left',
    'step 3,000/4,000: bound 1899.00 nats, 100.0 steps/s, 00:10 left',
  ]
  callback.close()
  assert stream.getvalue().splitlines()[2:] == [
    'step 3,500/4,000: bound 2399.00 nats, 100.0 steps/s, 00:05 left'
  ]
  callback.close()
  assert len(stream.getvalue().splitlines()) == 3


def test_time_left_counts_pauses_and_speed_does_not_remember():
  clock, stream = _Clock(), io.StringIO()
  callback = progress.Progress(1_000, stream=stream, clock=clock)
  _run(callback, clock, [99], 10.0)
  clock.now += 80.0  # Evaluation.
  callback.on_train_batch_end(199, {'bound': float('nan')})
  assert stream.getvalue().splitlines() == [
    'step 100/1,000: bound -1.00 nats, 10.0 steps/s, 01:30 left',
    'step 200/1,000: bound nan nats, 1.2 steps/s, 06:00 left',
  ]


def test_terminal_is_refreshed_a_few_times_a_second():
  clock, stream = _Clock(), _Terminal()
  callback = progress.Progress(12_000, stream=stream, clock=clock)
  _run(callback, clock, range(6_000), 1 / 1_200)  # 5 seconds.
  refreshed = stream.getvalue().count('\r')
  assert 15 <= refreshed <= 20
  assert ' 6,000/12,000' not in stream.getvalue()
  callback.close()
  last = stream.getvalue().rsplit('\r', 1)[1]
  assert last.startswith(' 50%|')
  assert '| 6,000/12,000, bound 5899.00 nats, ' in last
  assert 'steps/s' in last
  # A line that was longer before is overwritten with blanks.
  assert last.rstrip(' \n').endswith(' left')
  assert last.endswith('\n')


def test_bar_of_a_resumed_run_starts_where_it_was():
  stream = _Terminal()
  callback = progress.Progress(4_000, 1_000, stream=stream)
  callback.on_train_begin()
  assert stream.getvalue().strip().startswith('25%|')
  assert '| 1,000/4,000, ? steps/s' in stream.getvalue()


def test_lines_are_printed_above_the_bar():
  clock, stream = _Clock(), _Terminal()
  callback = progress.Progress(100, stream=stream, clock=clock)
  _run(callback, clock, [49], 1.0)
  before = stream.getvalue()
  callback.write('valid -98.32 nats')
  added = stream.getvalue()[len(before) :]
  cleared, _, bar = added.partition('valid -98.32 nats\n')
  assert not cleared.strip()  # The bar is wiped out,
  assert '50/100' in bar  # and drawn again below.


def test_no_terminal_and_no_bound_among_the_logs():
  clock, stream = _Clock(), io.StringIO()
  callback = progress.Progress(100, stream=stream, clock=clock)
  callback.write('valid -98.32 nats')
  callback.on_train_begin()
  callback.on_epoch_begin(0)
  clock.now += 10.0
  callback.on_train_batch_end(49, None)
  assert stream.getvalue().splitlines() == [
    'valid -98.32 nats',
    'step 50/100: 5.0 steps/s, 00:10 left',
  ]


@pytest.mark.parametrize(('total', 'first'), [(10, 11), (10, -1)])
def test_bad_steps(total, first):
  with pytest.raises(ValueError, match=f'first_step={first}, total_steps=10'):
    progress.Progress(total, first)
