"""Arrays of observations, checked before any work starts."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tf_mco.layers.objective import reading as reading_lib

# The number of values that are checked at once, which bounds the memory.
_CHUNK = 2**22


def as_array(x: object, where: str) -> np.ndarray:
  """Returns x as an array of booleans, integers or floating numbers.

  Args:
    x: An array, an eager tensor, or another object that NumPy reads.
    where: The name of x in the message.
  Raises:
    ValueError: For masked values, for anything but numbers, and for no values.
  """
  if isinstance(x, np.ma.MaskedArray):
    hidden = int(np.ma.count_masked(x))
    if hidden:
      raise ValueError(
        f'Bad values in {where}: masked observations are not supported, and '
        'the values under the mask would be read. Expected an array without a '
        'mask: fill it (`x.filled(...)`) or leave the examples out. Received: '
        f'{hidden} masked values'
      )
  try:
    array = np.asarray(x)
  except (TypeError, ValueError) as error:
    raise ValueError(
      f'Bad values in {where}: expected one dense array of numbers. '
      f'Received: {type(x).__name__}'
    ) from error
  if array.dtype == tf.bfloat16.as_numpy_dtype:
    array = array.astype(np.float32)
  if array.dtype.kind not in 'biuf':
    raise ValueError(
      f'Bad values in {where}: expected numbers, in an array of booleans, '
      'integers or floating numbers (convert the array, for instance by '
      f'`x.astype("float32")`). Received: {array.dtype}'
    )
  if not array.size:
    raise ValueError(f'No values in {where}: the array is empty, {array.shape}')
  return array


def refuse_bits(array: np.ndarray, where: str) -> None:
  """Raises ValueError for integers that are bits, where pixels are expected.

  Bits that were divided by 255 would be pixels that are nearly black.

  Args:
    array: The result of `as_array`.
    where: The name of the array in the message.
  """
  if array.dtype.kind in 'iu' and array.max() == 1 and array.min() >= 0:
    raise ValueError(
      f'Bad values in {where}: the first integers that the model received were '
      'bytes of pixels, and these are bits. Expected integers up to 255, or '
      'bits as booleans or floating numbers (pixel_range=(0, 255) reads '
      f'pixels that are nearly black). Received: {summary(array)}'
    )


def is_concrete(x: object) -> bool:
  """Returns whether x has values that can be looked at, also while tracing."""
  return not tf.is_tensor(x) or isinstance(x, tf.__internal__.EagerTensor)


def check(array: np.ndarray, reading: reading_lib.Reading, where: str) -> None:
  """Raises ValueError if an array has a value that cannot be scored.

  Args:
    array: The result of `as_array`.
    reading: What the values of the array mean.
    where: The name of the array in the message.
  """
  if array.dtype.kind == 'f' and array.dtype.itemsize > 8:
    array = array.astype(np.float64)  # TensorFlow has no longer numbers
  if not reading.cannot_be_bad(tf.as_dtype(array.dtype)):
    rows = max(1, _CHUNK * len(array) // array.size) if array.ndim else 1
    for start in range(0, len(np.atleast_1d(array)), rows):
      chunk = np.atleast_1d(array)[start : start + rows]
      if _has_bad(chunk, reading):
        raise ValueError(_message(array, reading, where))


def _has_bad(chunk: np.ndarray, reading: reading_lib.Reading) -> bool:
  # The array may be a constant of a function that is being traced.
  with tf.init_scope(), tf.device('CPU:0'):
    return bool(reading.invalid(tf.constant(chunk)))


def _message(
  array: np.ndarray, reading: reading_lib.Reading, where: str
) -> str:
  integers = array.dtype.kind in 'iu'
  return (
    f'Bad values in {where}: expected observations to be '
    f'{reading.expected(integers=integers)}. Received: {summary(array)}'
  )


def summary(array: np.ndarray) -> str:
  """Returns dtype, range and mean of an array, and its number of NaN."""
  if array.dtype.kind != 'f':
    return f'{array.dtype} values from {array.min()} to {array.max()}'
  nans = int(np.isnan(array).sum())
  if nans == array.size:
    return f'{array.dtype} values, all of them NaN'
  low, high = np.nanmin(array), np.nanmax(array)
  return f'{array.dtype} values from {low} to {high}, {nans} of them NaN'
