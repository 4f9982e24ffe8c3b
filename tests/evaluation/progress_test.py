"""Tests of the progress bar of an evaluation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco import evaluation
from tf_mco.evaluation import progress


def _run(capsys, *, seconds: float, **options) -> str:
  """Returns what a bar prints over three batches of so many seconds each."""
  ticks = itertools.count()
  bar = progress.Progress(clock=lambda: seconds * next(ticks), **options)
  for _ in range(3):
    bar.advance()
  bar.close()
  return capsys.readouterr().out


@pytest.fixture
def terminal(monkeypatch) -> None:
  """Makes the module believe that somebody watches."""
  monkeypatch.setattr(progress, '_is_watched', lambda: True)


@pytest.mark.parametrize('num_batches', [3, None])
def test_it_appears_after_two_seconds(
  terminal: None, capsys, num_batches: int | None
) -> None:
  shown = _run(capsys, seconds=1.2, num_batches=num_batches, shown=True)
  assert '2/' in shown
  assert '3/' in shown
  assert '1/' not in shown
  assert shown.endswith('\n')


def test_it_stays_away(terminal: None, capsys, monkeypatch) -> None:
  assert not _run(capsys, seconds=0.5, num_batches=3, shown=True)
  assert not _run(capsys, seconds=9.0, num_batches=3, shown=False)
  # The only batch is over when the bar could appear.
  bar = progress.Progress(1, shown=True, clock=iter([0.0, 9.0, 9.0]).__next__)
  bar.advance()
  bar.close()
  assert not capsys.readouterr().out
  monkeypatch.setattr(progress, '_is_watched', lambda: False)
  assert not _run(capsys, seconds=9.0, num_batches=3, shown=True)


def test_a_test_is_no_terminal(capsys) -> None:
  assert not _run(capsys, seconds=9.0, num_batches=3, shown=True)


@pytest.mark.parametrize('shown', [True, False])
def test_the_evaluator_has_a_switch(
  terminal: None, capsys, monkeypatch, shown: bool
) -> None:
  monkeypatch.setattr(progress, '_PATIENCE', 0.0)
  data = tf.data.Dataset.from_tensor_slices(tiny.images(6)).batch(2)
  for x in (tiny.images(6), data):
    evaluation.log_likelihood_bounds(
      tiny.model(),
      x,
      num_samples=2,
      batch_size=2,
      jit_compile=False,
      progress=shown,
    )
    assert ('3/3' in capsys.readouterr().out) == shown
  with pytest.raises(ValueError, match=r'`progress`.*Received'):
    evaluation.Evaluator(tiny.model(), num_samples=2, progress='yes')


def test_an_error_ends_the_line(terminal: None, capsys, monkeypatch) -> None:
  monkeypatch.setattr(progress, '_PATIENCE', 0.0)
  x = tiny.images(6, dtype='float32')
  x[5, 1] = np.nan
  data = tf.data.Dataset.from_tensor_slices(x).batch(2)
  with pytest.raises(ValueError, match='Bad values'):
    evaluation.log_likelihood_bounds(
      tiny.model(), data, num_samples=2, jit_compile=False
    )
  assert capsys.readouterr().out.endswith('\n')
