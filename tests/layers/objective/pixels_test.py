"""Tests of what happens to pixels on their way into the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.support import tiny

_BAD = [np.nan, np.inf, -np.inf, -1e-3, 1.001]
_SPEC = tf.TensorSpec([None, 4], 'float32')


def _prepare(x: Any, *, seed: int = 0, **options: Any) -> np.ndarray:
  objective = tiny.model(built=False, **options).objective
  return objective.prepare(x, seed=seed).numpy()


@pytest.mark.parametrize('jit', [False, True])
@pytest.mark.parametrize('dtype', ['uint8', 'float32', 'float64'])
def test_dynamic_binarization_has_the_right_probabilities(
  dtype: str, jit: bool
) -> None:
  # |z| < 4 for five pixels, six cases: a false alarm in 200 changes of seed.
  num = 100_000
  levels = np.array([1, 51, 128, 200, 254])
  pixels = levels.astype(dtype) if dtype == 'uint8' else levels / 255
  x = np.tile(pixels.astype(dtype), (num, 1))
  objective = tiny.model(built=False).objective

  @tf.function(jit_compile=jit)
  def prepare(seed: tf.Tensor) -> tf.Tensor:
    return objective.prepare(x, seed=seed)

  drawn = prepare(tf.constant([3, 9])).numpy()
  assert set(np.unique(drawn)) == {0.0, 1.0}
  assert drawn.dtype == 'float32'
  p = levels / 255
  z = (drawn.mean(0) - p) / np.sqrt(p * (1 - p) / num)
  assert np.all(np.abs(z) < 4), z
  # Neighbours are independent, and so are the halves: ten correlations.
  centred = (drawn - p) / np.sqrt(p * (1 - p))
  for shift, axis in ((1, 1), (num // 2, 0)):
    products = centred * np.roll(centred, shift, axis=axis)
    z = products[: num // 2].mean(0) * np.sqrt(num // 2)
    assert np.all(np.abs(z) < 4), z


@pytest.mark.parametrize('dtype', ['uint8', 'float32', 'float64'])
def test_black_and_white_are_never_drawn_otherwise(dtype: str) -> None:
  white = 255 if dtype == 'uint8' else 1
  x = np.tile(np.array([0, white], dtype), (200_000, 1))
  np.testing.assert_array_equal(_prepare(x), np.sign(x))


def test_every_seed_draws_anew_and_the_same_seed_the_same() -> None:
  x = tiny.images(50)
  first, again, other = (_prepare(x, seed=s) for s in (1, 1, 2))
  np.testing.assert_array_equal(first, again)
  assert np.mean(first != other) > 0.1


def test_without_binarization_pixels_stay_as_they_are() -> None:
  byte = np.arange(256, dtype='uint8').reshape(-1, 4)
  for dtype in ('float32', 'float64'):
    result = _prepare(byte, binarization='none', dtype=dtype)
    np.testing.assert_allclose(result, byte / 255, rtol=1e-6)
    assert (result.dtype, result.max()) == (dtype, 1)
  floating = tiny.images(8, dtype='float32')
  np.testing.assert_array_equal(
    _prepare(floating, binarization='none'), floating
  )


@pytest.mark.parametrize('binarization', ['auto', 'dynamic', 'none'])
@pytest.mark.parametrize('dtype', ['bool', 'float32', 'float64', 'uint8'])
def test_binary_data_are_unchanged(binarization: str, dtype: str) -> None:
  binary = tiny.binary_images(64)
  x = (binary * 255 if dtype == 'uint8' else binary).astype(dtype)
  np.testing.assert_array_equal(_prepare(x, binarization=binarization), binary)


@pytest.mark.parametrize('bad', _BAD)
def test_what_is_no_probability_does_not_pass_for_a_pixel(bad: float) -> None:
  x = np.full((3, 4), 0.5, 'float32')
  x[1, 2] = bad
  with pytest.raises(ValueError, match='Bad values in the observations'):
    _prepare(x)
  objective = tiny.model(built=False).objective
  prepare = tf.function(
    lambda x: objective.prepare(x, seed=0), input_signature=[_SPEC]
  )
  drawn = prepare(x).numpy()
  assert np.isnan(drawn[1, 2])
  assert np.isin(np.delete(drawn, 6), [0, 1]).all()
