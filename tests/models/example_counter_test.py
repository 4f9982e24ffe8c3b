"""Tests of the count of examples."""

from __future__ import annotations

import pathlib

import pytest
import tensorflow as tf

from tests.support import tiny
from tf_mco.models import example_counter


@pytest.mark.parametrize('jit', [False, True])
def test_a_compiled_step_counts_and_a_reset_starts_anew(jit: bool) -> None:
  counter = example_counter.ExampleCounter()
  with pytest.raises(RuntimeError, match='reset'):
    counter.advance(tf.constant(3))
  advance = tf.function(counter.advance, jit_compile=jit)
  for _ in range(2):
    counter.reset()
    found = [int(advance(tf.constant(num))) for num in (3, 4, 2)]
    assert found == [0, 3, 7]


def test_files_and_checkpoints_do_without_the_count(
  tmp_path: pathlib.Path,
) -> None:
  model, saved = tiny.model(), []
  for name in ('before', 'after'):
    path = tf.train.Checkpoint(model=model).save(str(tmp_path / name))
    names = [variable for variable, _ in tf.train.list_variables(path)]
    saved.append((names, [v.path for v in model.variables]))
    model.predict(tiny.images(2), verbose=0)
  assert saved[0] == saved[1]
