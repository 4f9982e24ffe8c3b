"""Tests of arrays that are refused before work starts."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tf_mco.layers.objective import array_checks
from tf_mco.layers.objective import reading as reading_lib


def _check(x: Any, support: str | None, dtype: str = 'float32') -> None:
  array = array_checks.as_array(x, 'the pictures')
  reading = reading_lib.Reading(support, None, False, dtype)
  array_checks.check(array, reading, 'the pictures')


def test_bits_where_bytes_are_expected() -> None:
  array_checks.refuse_bits(np.array([0, 0]), 'the data')  # a black image
  array_checks.refuse_bits(np.array([0, 2]), 'the data')
  array_checks.refuse_bits(np.array([0.0, 1.0]), 'the data')
  with pytest.raises(ValueError, match='the data.*these are bits.*int64'):
    array_checks.refuse_bits(np.array([0, 1]), 'the data')


@pytest.mark.parametrize('support', observed_models.GOOD)
def test_bad_values_are_named(support: str) -> None:
  for x in (observed_models.GOOD[support], tf.constant([[0.0]])[:0]):
    if len(x):
      _check(x, support)
  for bad in observed_models.BAD[support]:
    x = observed_models.spoilt(support, bad)
    with pytest.raises(ValueError, match='Bad values in the pictures') as info:
      _check(x, support)
    assert 'observations' in str(info.value)
    assert 'Received: float64 values from' in str(info.value)


def test_a_bad_value_in_the_last_chunk_is_found(
  monkeypatch: pytest.MonkeyPatch,
) -> None:
  monkeypatch.setattr(array_checks, '_CHUNK', 7)
  x = np.zeros([11, 3])
  _check(x, 'binary')
  x[10, 2] = 2
  with pytest.raises(ValueError, match='from 0.0 to 2.0'):
    _check(x, 'binary')


@pytest.mark.parametrize(
  ('x', 'words'),
  [
    (np.array(['a']), 'expected numbers.*Received: <U1'),
    (np.array([1, 2], object), 'expected numbers.*astype.*object'),
    (np.array([1j]), 'expected numbers.*complex128'),
    (np.array(['2020-01-01'], 'datetime64[D]'), 'expected numbers.*datetime'),
    (np.zeros([0, 4]), 'No values in the pictures.*empty'),
    (np.ma.masked_equal([[0.0, 1.0]], 1.0), 'masked.*filled.*1 masked value'),
    (tf.sparse.from_dense([[1.0]]), 'Bad values in the pictures'),
    (tf.ragged.constant([[1.0], [1.0, 2.0]]), 'Bad values in the pictures'),
    ([[1.0], [1.0, 2.0]], 'one dense array'),
  ],
)
def test_what_is_no_array_of_numbers_is_refused(x: Any, words: str) -> None:
  with pytest.raises(ValueError, match=words):
    _check(x, None)


def test_unusual_numbers_are_accepted() -> None:
  _check(np.array([[0.5]], ml_dtypes.bfloat16), 'binary')
  _check(np.array([[0.5]], np.longdouble), 'binary')
  _check(np.array([[0.5]], np.float16), 'binary')
  _check(np.array([[5]], np.uint64), 'count')
  _check(np.ma.masked_array([[0.5]]), 'binary')
  _check(np.array(0.5), 'binary')
  with pytest.raises(ValueError, match='from 1.5 to 1.5'):
    _check(np.array([[1.5]], np.longdouble), 'binary')


def test_captured_constants_are_looked_at_while_tracing() -> None:
  x = tf.constant([[2.0]])
  assert array_checks.is_concrete(x)

  @tf.function
  def trace(y: tf.Tensor) -> tf.Tensor:
    assert not array_checks.is_concrete(y)
    _check(x, 'binary')
    return y

  with pytest.raises(ValueError, match='Bad values'):
    trace(x)


def test_summary() -> None:
  assert array_checks.summary(np.array([3, 7])) == 'int64 values from 3 to 7'
  x = np.array([np.nan, 1.0])
  expected = 'float64 values from 1.0 to 1.0, 1 of them NaN'
  assert array_checks.summary(x) == expected
  assert 'all of them NaN' in array_checks.summary(x[:1])
