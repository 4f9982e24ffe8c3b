"""Tests of what numbers mean, by support, dtype and pixel range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import observed_models
from tests.support import tiny
from tf_mco.layers.objective import reading as reading_lib

_BYTES = np.array([[0, 51, 255]])


def _reading(
  support: str | None,
  pixel_range: Any,
  *,
  explicit: bool = True,
  dtype: str = 'float64',
) -> reading_lib.Reading:
  return reading_lib.Reading(support, pixel_range, explicit, dtype)


@pytest.mark.parametrize('support', ['binary', 'unit_interval'])
@pytest.mark.parametrize('dtype', ['uint8', 'int32', 'float32', 'float64'])
def test_a_range_maps_integers_and_floats_to_the_unit_interval(
  support: str, dtype: str
) -> None:
  for pixel_range, x, expected in [
    ((0, 255), _BYTES, [0, 0.2, 1]),
    ((0, 1), [[0, 1, 1]], [0, 1, 1]),
    ((50, 99), [[50, 57, 99]], [0, 1 / 7, 1]),
    ((-1, 256), _BYTES, [1 / 257, 52 / 257, 256 / 257]),
  ]:
    reading = _reading(support, pixel_range)
    values = reading.values(tf.constant(x, dtype)).numpy()
    np.testing.assert_allclose(values[0], expected, rtol=1e-15)
    assert values.max() == max(expected)  # white is exactly 1
    assert not reading.invalid(tf.constant(x, dtype))


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('dtype', ['uint8', 'int32', 'float32'])
def test_a_pixel_out_of_range_is_nan_and_found(dtype: str, jit: bool) -> None:
  reading = _reading('binary', (10, 20), dtype='float32')
  x = np.array([[10, 20], [9, 20], [10, 21]], dtype)

  @tf.function(jit_compile=jit)
  def read(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
    return reading.values(x), reading.valid_rows(x), reading.invalid(x)

  values, rows, bad = read(x)
  expected = [[0, 1], [np.nan, 1], [0, np.nan]]
  np.testing.assert_array_equal(values, expected)
  assert rows.numpy().tolist() == [True, False, False]
  assert bool(bad)


@pytest.mark.parametrize('support', sorted({*observed_models.GOOD, 'interval'}))
@pytest.mark.parametrize('dtype', ['bool', 'uint8', 'int32', 'int64'])
def test_without_a_range_integers_are_cast(support: str, dtype: str) -> None:
  x = np.array([[0, 1, 1]], dtype)
  values = _reading(support, None).values(tf.constant(x))
  np.testing.assert_array_equal(values, [[0.0, 1, 1]])


def test_bytes_need_no_check() -> None:
  x = tf.constant(_BYTES, 'uint8')
  for support, pixel_range in [('binary', (0, 255)), ('count', None)]:
    reading = _reading(support, pixel_range)
    assert reading.invalid(x) is None
    assert reading.valid_rows(x) is None
  for support, pixel_range in [('binary', (0, 1)), ('categorical', None)]:
    assert _reading(support, pixel_range).invalid(x) is not None
  assert _reading('binary', None).invalid(tf.constant([[True]])) is None


@pytest.mark.parametrize('bad', [-1, 256, 300])
def test_other_integers_than_bytes_are_found(bad: int) -> None:
  reading = _reading('binary', (0, 255), explicit=False)
  assert reading.invalid(tf.constant([[0, bad]]))
  assert not reading.invalid(tf.constant([[0, 255]]))


def test_the_first_integers_are_bits_or_bytes() -> None:
  assert reading_lib.of_integers(np.array([0, 1])) == (0, 1)
  assert reading_lib.of_integers(np.array([0, 0])) == (0, 1)
  assert reading_lib.of_integers(np.array([0, 2])) == (0, 255)


@pytest.mark.parametrize(
  'bad',
  [
    *('bytes', 255, (0,), (0, 1, 2), (1, 0), (1, 1), [0, np.nan]),
    *((0, np.inf), (False, True), ('a', 'b'), (None, 1)),
  ],
)
def test_a_range_is_a_pair_of_numbers_in_order(bad: Any) -> None:
  with pytest.raises(ValueError, match='`pixel_range` must be.*Received'):
    tiny.model(built=False, pixel_range=bad)


@pytest.mark.parametrize('pixel_range', ['auto', None, (0, 255), [0, 1]])
def test_only_likelihoods_of_pixels_have_a_range(pixel_range: Any) -> None:
  has_range = pixel_range not in ('auto', None)
  for support in ('binary', 'unit_interval'):
    observed_models.model(support, pixel_range=pixel_range)
  for support in ('real', 'count', 'circle'):
    if has_range:
      with pytest.raises(ValueError, match=f"with support '{support}'"):
        observed_models.model(support, pixel_range=pixel_range)
    else:
      observed_models.model(support, pixel_range=pixel_range)
