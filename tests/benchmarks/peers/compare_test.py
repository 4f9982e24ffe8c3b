"""The table of the comparison."""

from __future__ import annotations

import sys

import pytest

from benchmarks.peers import compare
from benchmarks.peers import turns


def test_the_ratio_is_to_the_fastest_peer():
  costs = {
    ('a', 'tf_mco'): turns.Cost(1e-3, 2e-3),
    ('a', 'JAX'): turns.Cost(2e-3, 3e-3),
    ('a', 'PyTorch'): turns.Cost(0.8e-3, 9e-3),
  }
  row = compare.table(costs, ['a'], ['tf_mco', 'JAX', 'PyTorch']).splitlines()[
    2
  ]
  cells = [cell.strip() for cell in row.strip('|').split('|')]
  assert cells == ['a', '1000, 2.00', '500, 3.00', '1250, 9.00', '0.80']


class _Answers:
  """A process whose n-th turn takes n seconds for each step."""

  def __init__(self) -> None:
    self.counts: list[int] = []

  def ask(self, **request) -> dict:
    self.counts.append(request['executions'])
    turn = float(len(self.counts))
    laps = [99.0] + [turn] * (request['executions'] - 1)
    return {'bound': 0.0, 'wall': laps, 'cpu': [2 * lap for lap in laps]}


def test_the_first_lap_of_a_turn_and_the_turns_that_compile_do_not_count():
  process = _Answers()
  costs = compare.measure({'tf_mco': process}, ['disarm linear'], rounds=3)
  # Turns 3, 4 and 5 were measured.
  assert costs == {('disarm linear', 'tf_mco'): turns.Cost(4.0, 8.0)}


def test_a_peer_that_is_not_installed_is_left_out(
  tmp_path, monkeypatch, capsys
):
  monkeypatch.setattr(turns, 'Process', lambda *arguments: arguments)
  missing = str(tmp_path / 'python')
  started = compare.start(tmp_path / 'images.npy', missing)
  assert list(started) == ['tf_mco', 'TensorFlow']
  assert 'JAX is not installed' in capsys.readouterr().err


def test_a_process_that_ends_is_an_error(tmp_path):
  process = turns.Process(sys.executable, 'this')  # it prints, and ends
  process._process.wait()
  with pytest.raises((RuntimeError, BrokenPipeError, ValueError)):
    for _ in range(100):
      process.ask(do='train')
