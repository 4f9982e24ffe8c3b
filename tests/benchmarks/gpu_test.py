"""The benchmark that is ready for a GPU, where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest
import tensorflow as tf

from benchmarks import gpu
from benchmarks.peers import problem


@pytest.fixture
def no_gpu(monkeypatch):
  monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: [])


def test_without_a_gpu_one_line_says_so(no_gpu):
  assert gpu.use_device('gpu') == 'TensorFlow sees no GPU; try --device=cpu'


def test_with_a_gpu_nothing_prevents(monkeypatch):
  monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: ['one'])
  assert gpu.use_device('gpu') is None


def test_executions_are_long_on_a_gpu_and_short_on_a_cpu():
  steps = {
    (device, size): gpu.steps_per_execution(device, size)
    for device in ('gpu', 'cpu')
    for size in (10, 50, 5000, 9000)
  }
  assert {value for (device, _), value in steps.items() if device == 'gpu'} == {
    100
  }
  assert [steps['cpu', size] for size in (10, 50, 5000, 9000)] == [
    100,
    100,
    1,
    1,
  ]


@pytest.mark.parametrize('source', gpu.SOURCES)
def test_a_case_trains_on_either_source(monkeypatch, source):
  monkeypatch.setattr(gpu, '_IMAGES', 40)
  monkeypatch.setattr(gpu, '_EXECUTIONS', 3)
  small = problem.CASES['disarm linear']._replace(pixels=9, units=4)
  monkeypatch.setattr(problem, 'CASES', {'small': small})
  figures = gpu.run_case('small', source, batch_size=5, steps=2)
  assert figures['steps_per_second'] > 0


def test_the_program_ends_with_one_where_there_is_no_gpu():
  if tf.config.list_physical_devices('GPU'):
    pytest.skip('there is a GPU')
  done = subprocess.run(
    [sys.executable, '-m', 'benchmarks.gpu'],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 1
  assert done.stderr.splitlines()[-1] == (
    'gpu: TensorFlow sees no GPU; try --device=cpu'
  )
  assert not done.stdout
