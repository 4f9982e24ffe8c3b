"""Tests of what each support admits."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tf_mco.layers.objective import valid_values


def _rows(x: np.ndarray, support: str | None, dtype: str = 'float32') -> list:
  good = valid_values.valid(tf.constant(x), support, dtype)
  return valid_values.reduce_to_rows(good).numpy().tolist()


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize('support', observed_models.GOOD)
def test_each_support_admits_its_own_values(support: str, dtype: str) -> None:
  x = observed_models.GOOD[support]
  assert _rows(x.astype(dtype), support) == [True] * 3
  for bad in observed_models.BAD[support]:
    spoilt = observed_models.spoilt(support, bad).astype(dtype)
    assert _rows(spoilt, support) == [False, True, True], bad


@pytest.mark.parametrize('support', [None, 'interval', 'real'])
def test_any_finite_number_may_be_of_an_unknown_support(
  support: str | None,
) -> None:
  x = np.array([[-7.0, 0.5], [np.nan, 0], [np.inf, 1], [3e38, -3e38]])
  assert _rows(x, support) == [True, False, False, True]
  assert _rows(np.array([[-7, 300]]), support) == [True]


@pytest.mark.parametrize('dtype', ['int32', 'int64', 'uint32', 'float64'])
@pytest.mark.parametrize('support', ['count', 'categorical'])
def test_counts_that_lose_a_digit_in_float32_are_found(
  support: str, dtype: str
) -> None:
  x = np.array([[2**24], [2**24 + 1], [2**24 + 2]], dtype)
  assert _rows(x, support) == [True, False, True]
  assert _rows(x, support, 'float64') == [True] * 3


def test_small_and_boolean_counts_keep_their_digits() -> None:
  for dtype in ('bool', 'uint8', 'int16', 'float16', 'float32'):
    x = np.array([[0, 1], [1, 1]], dtype)
    assert _rows(x, 'count') == [True, True]
  assert _rows(np.array([[-1, 3]], 'int8'), 'count') == [False]


def test_what_overflows_or_underflows_the_dtype_is_found() -> None:
  huge, tiny = np.array([[1e300]]), np.array([[1e-300]])
  assert _rows(huge, 'real') == [False]
  assert _rows(huge, 'real', 'float64') == [True]
  assert _rows(tiny, 'positive') == [False]
  assert _rows(tiny, 'positive', 'float64') == [True]


def test_sums_and_angles_may_be_off_by_rounding() -> None:
  many = np.full([1, 100_000], 1e-5, 'float32')
  assert _rows(many, 'simplex') == [True]
  half = np.full([1, 1000], 1e-3, 'float16')
  assert _rows(half, 'simplex') == [True]
  assert _rows(np.array([[np.float32(np.pi)]]), 'circle') == [True]


def test_scalars_and_images() -> None:
  assert _rows(np.array([1.0, -1.0]), 'positive') == [True, False]
  image = np.ones([2, 3, 3, 1])
  image[1, 2, 2, 0] = 1.5
  assert _rows(image, 'binary') == [True, False]
