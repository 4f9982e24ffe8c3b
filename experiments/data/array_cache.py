"""Arrays that are slow to build, kept on disk between runs."""

from collections.abc import Callable
import os
import pathlib
import zipfile

from absl import logging
import numpy as np

from experiments.framework import atomic_file

# All that NumPy raises for a file that is cut short, damaged or no archive.
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
  """Returns the array kept under `key`; builds and keeps it when there is none.

  A file that cannot be read, or that holds anything but `uint8 [N, width]`, is
  built again. A cache that cannot be written costs time, not the run.

  Args:
    key: file name without its ending; it names the data set, the version and
      the split, so that another version is another file.
    build: returns `uint8 [N, width]`.
    width: the number of values in a row.
  Returns:
    `uint8 [N, width]`.
  """
  path = directory() / f'{key}.npz'
  cached = _read(path, width)
  if cached is not None:
    return cached
  built = build()
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
    # The checksum of the archive is why this is .npz: .npy has none.
    with np.load(path, allow_pickle=False) as archive:
      array = archive['array']
  except _UNREADABLE as error:
    logging.warning('Building %s again, it cannot be read: %s', path, error)
    return None
  if array.dtype != np.uint8 or array.ndim != 2 or array.shape[1] != width:
    logging.warning(
      'Building %s again: expected uint8 [N, %d], received %s %s',
      *(path, width, array.dtype, array.shape),
    )
    return None
  return array


def _write(path: pathlib.Path, array: np.ndarray) -> None:
  path.parent.mkdir(parents=True, exist_ok=True)
  with atomic_file.replacing(path) as file:
    np.savez(file, array=array)
