"""From flags to runs and comparisons of them, and what --help shows."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from absl import flags
import pytest
import tensorflow as tf

from experiments.binary import compare as binary_compare
from experiments.binary import experiment as binary_experiment
from experiments.framework import command_line
from experiments.studies.aisle import study as aisle_study
from experiments.studies.one_bit import study as one_bit_study

_EXPERIMENT = binary_experiment.EXPERIMENT
_COMPARISON = binary_compare.COMPARISON

pytestmark = pytest.mark.usefixtures('flags_of_one_test')


def _note_calls(calls: list[Any], monkeypatch: Any, program: Any) -> None:
  def run(*args: Any) -> str:
    calls.append(args)
    return 'the table'

  monkeypatch.setattr(program, 'run', run)


def test_flags_are_settings(monkeypatch) -> None:
  """Settings are those of the preset, then those that are given.

  Places of data are no settings.
  """
  calls: list[Any] = []
  _note_calls(calls, monkeypatch, _EXPERIMENT)
  _EXPERIMENT.define_flags()
  flags.FLAGS(['x', '--preset=mnist_nonlinear', '--steps=7', '--data_dir=here'])
  command_line.run(_EXPERIMENT, ['x'])
  assert _EXPERIMENT.flag_values() == {'steps': 7}
  expected = _EXPERIMENT.make_settings('mnist_nonlinear', {'steps': 7})
  path = os.path.join('runs', expected.label)
  sources = {'data_dir': 'here', 'chardata': None}
  assert calls == [(expected, path, sources)]


def test_a_comparison_reads_its_lists(monkeypatch, capsys) -> None:
  calls: list[Any] = []
  _note_calls(calls, monkeypatch, _COMPARISON)
  _COMPARISON.define_flags()
  arguments = ['--preset=mnist_linear', '--units=3', '--estimators=a,b c']
  flags.FLAGS(['x', *arguments])
  command_line.run(_COMPARISON, ['x'])
  path = os.path.join('runs', 'compare-mnist_linear')
  chosen = {'estimators': ['a', 'b c']}
  sources = {'data_dir': None, 'chardata': None}
  assert calls == [
    ('mnist_linear', {'units': 3}, chosen, [0, 1], path, sources)
  ]
  assert 'the table' in capsys.readouterr().out
  text = flags.FLAGS.main_module_help()
  names = ('preset', 'output_dir', 'units', 'chardata', 'seeds', 'estimators')
  for name in names:
    assert f'--{name}:' in text


def test_a_study_has_its_defaults_as_values_of_flags(
  monkeypatch, capsys
) -> None:
  calls: list[Any] = []
  study = one_bit_study.STUDY
  _note_calls(calls, monkeypatch, study)
  study.define_flags()
  flags.FLAGS(['x', '--p0=0.3'])
  command_line.run(study, ['x'])
  settings = one_bit_study.OneBitSettings(p0=0.3)
  assert calls == [(settings, os.path.join('runs', 'toy'))]
  assert 'the table' in capsys.readouterr().out


def test_a_study_of_presets_reads_lists_of_numbers(monkeypatch) -> None:
  calls: list[Any] = []
  study = aisle_study.STUDY
  _note_calls(calls, monkeypatch, study)
  study.define_flags()
  flags.FLAGS(['x', '--dims=2,3', '--methods=iwae'])
  command_line.run(study, ['x'])
  ((settings, path),) = calls
  assert path == os.path.join('runs', 'aisle_gaussian-quick')
  assert (settings.dims, settings.methods) == ((2, 3), ('iwae',))
  assert settings.iterations == 1000
  flags.FLAGS(['x', '--dims=2,x'])
  with pytest.raises(SystemExit, match='integers. Received: --dims=2,x'):
    command_line.run(study, ['x'])


def test_a_mistake_is_one_line() -> None:
  _EXPERIMENT.define_flags()
  flags.FLAGS(['x', '--estimator=vimko'])
  with pytest.raises(SystemExit, match='train_binary: Unknown estimator'):
    command_line.run(_EXPERIMENT, ['x'])


def test_integers_are_whole_numbers() -> None:
  _COMPARISON.define_flags()
  for text in ('1e9', '2.0', 'many', ''):
    message = f'--units={text}: Expected a whole number.*Received: {text}$'
    with pytest.raises(flags.IllegalFlagValueError, match=message):
      flags.FLAGS(['x', f'--units={text}'])
  for arguments, message in (
    (['--seeds=0,x'], 'Expected integers. Received: --seeds=0,x'),
    (['--seeds=0,1,0'], 'Expected --seeds, each once'),
    (['--units=1000000000'], '--units must be at most 100000. Received: 1000'),
  ):
    flags.FLAGS(['x', '--preset=digits', '--seeds=0', *arguments])
    with pytest.raises(SystemExit, match=message):
      command_line.run(_COMPARISON, ['x'])


@pytest.mark.parametrize(
  ('error', 'message'),
  [
    (tf.errors.ResourceExhaustedError(None, None, 'OOM\nmuch'), r'\(OOM\)$'),
    (MemoryError('Unable to allocate'), r'\(Unable to allocate\)$'),
    (PermissionError(13, 'Permission denied', '/x'), "denied: '/x'$"),
  ],
)
def test_a_fault_of_the_machine_is_one_line(
  error: Exception, message: str, monkeypatch
) -> None:
  def fail() -> None:
    raise error

  _EXPERIMENT.define_flags()
  flags.FLAGS(['x'])
  monkeypatch.setattr(_EXPERIMENT, 'start', fail)
  with pytest.raises(SystemExit, match=message):
    command_line.run(_EXPERIMENT, ['x'])


def test_a_stop_by_the_user_is_one_line(monkeypatch) -> None:
  def interrupt() -> None:
    raise KeyboardInterrupt

  _EXPERIMENT.define_flags()
  flags.FLAGS(['x'])
  monkeypatch.setattr(_EXPERIMENT, 'start', interrupt)
  with pytest.raises(SystemExit, match='the same command goes on'):
    command_line.run(_EXPERIMENT, ['x'])


def test_a_mistake_ends_the_process_without_a_trace(tmp_path) -> None:
  command = [sys.executable, '-m', 'experiments.train_binary']
  arguments = ['--estimator=vimko', f'--output_dir={tmp_path / "none"}']
  done = subprocess.run(
    [*command, *arguments], capture_output=True, text=True, check=False
  )
  assert done.returncode == 1
  last = done.stderr.strip().splitlines()[-1]
  assert last.startswith('train_binary: Unknown estimator. Expected one of')
  assert 'Traceback' not in done.stderr
  assert not (tmp_path / 'none').exists()
