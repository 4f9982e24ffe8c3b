"""Tests of the benchmark of the start."""

from __future__ import annotations

import time

from benchmarks import startup


def test_the_parts_add_up_to_the_first_step(monkeypatch) -> None:
  def prepare(experiment, note):
    assert experiment.name == 'train_binary'
    time.sleep(0.02)
    note('data')
    return lambda: time.sleep(0.03)

  monkeypatch.setattr(startup, '_prepare', prepare)
  began = time.time() - 5
  seconds = startup.run_child(began)
  assert 5 <= sum(seconds.values()) <= time.time() - began
  assert seconds['Python'] >= 5
  assert 0.02 <= seconds['data']
  assert 0.03 <= seconds['XLA, and the first step']
