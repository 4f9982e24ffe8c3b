"""Arrays that are slow to build, kept on disk between runs."""

from collections.abc import Callable
import os
import pathlib
import zipfile

from absl import logging
import numpy as np

from experiments.data import atomic_file

# NumPy raises these errors for a file that is cut short, damaged or no archive.
_UNREADABLE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile)


def directory() -> pathlib.Path:
  """Returns the folder of the cache: $TF_MCO_CACHE or ~/.cache/tf_mco."""
  configured = os.environ.get('TF_MCO_CACHE')
  if configured:
    return pathlib.Path(configured).expanduser()
  return pathlib.Path.home() / '.cache' / 'tf_mco'


def load_or_build(
  key: str, build: Callable[[], np.ndarray], *, width: int
) -> np.ndarray:
  """Returns the array of a key from the cache; builds it if it is not there.

  A file that cannot be read, or whose array is not `uint8 [N, width]`, is built
  again. A cache that cannot be written costs time, and does not end the run.

  Args:
    key: the file name without its ending. It names the data set, the version
      and the split, so that another version is another file.
    build: a function that returns `uint8 [N, width]`.
    width: the number of values in a row.
  Returns:
    `uint8 [N, width]`.
  Raises:
    ValueError: if `build` returns something else.
  """
  path = directory() / f'{key}.npz'
  cached = _read(path, width)
  if cached is not None:
    return cached
  built = build()
  if not _is_of_bytes(built, width):
    raise ValueError(
      f'Expected uint8 [N, {width}] with N at least 1 for {key}. Received: '
      f'{built.dtype} {built.shape}'
    )
  try:
    _write(path, built)
  except OSError as error:
    logging.warning('Cannot keep %s in the cache: %s', key, error)
  return built


def _read(path: pathlib.Path, width: int) -> np.ndarray | None:
  """Returns the `[N, width]` array of a file, or None."""
  if not path.exists():
    return None
  try:
    # The file is .npz and not .npy, because an archive has a checksum.
    with np.load(path, allow_pickle=False) as archive:
      array = archive['array']
  except _UNREADABLE as error:
    logging.warning('Building %s again, it cannot be read: %s', path, error)
    return None
  if not _is_of_bytes(array, width):
    logging.warning(
      'Building %s again: expected uint8 [N, %d], received %s %s',
      *(path, width, array.dtype, array.shape),
    )
    return None
  return array


def _is_of_bytes(array: np.ndarray, width: int) -> bool:
  """Returns whether an array is `uint8 [N, width]`, N >= 1."""
  fits = array.ndim == 2 and array.shape[1] == width and len(array) > 0
  return fits and array.dtype == np.uint8


def _write(path: pathlib.Path, array: np.ndarray) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  with atomic_file.replacing(path) as file:
    np.savez(file, array=array)
