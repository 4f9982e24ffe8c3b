"""Reads images of tensorflow_datasets, and downloads them if need be."""

from collections.abc import Callable, Iterator
import contextlib
import os
import pathlib
import socket
import types
from typing import Any, NamedTuple
import urllib.parse
import urllib.request

from absl import logging
import numpy as np

_SHARED = pathlib.Path(__file__).parents[3] / 'shared' / 'tfds'
_BATCH = 512


class Source(NamedTuple):
  """A data set of tensorflow_datasets, pinned to a version."""

  name: str
  version: str
  url: str  # of the files that its builder downloads


def default_directory() -> pathlib.Path | None:
  """Returns $TFDS_DATA_DIR or ../shared/tfds; None for the default of tfds."""
  configured = os.environ.get('TFDS_DATA_DIR')
  if configured:
    return pathlib.Path(configured).expanduser()
  return _SHARED if _SHARED.is_dir() else None


def read(
  source: Source,
  split: str,
  *,
  data_dir: str | os.PathLike | None = None,
  transform: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
  """Returns every image of a split, in the order in which tfds stores them.

  Args:
    source: the data set. It is downloaded and prepared if it is not on disk.
    split: the name of the split.
    data_dir: the folder of tfds; None for `default_directory()`.
    transform: a function from `uint8 [n, H, W, C]` to `uint8 [n, D]`. It is
      called on parts of the split, which may be large when decoded.
  Returns:
    `uint8 [N, D]`.
  Raises:
    FileNotFoundError: if the data set is neither on disk nor to be downloaded.
  """
  # The import is slow, and only needed if the cache has no copy.
  import tensorflow_datasets as tfds

  with _quiet(tfds):
    builder = tfds.builder(
      f'{source.name}:{source.version}',
      data_dir=data_dir or default_directory(),
    )
    if not builder.is_prepared():
      _prepare(builder, source)
    parts = builder.as_dataset(
      split=split, batch_size=_BATCH, shuffle_files=False
    )
    return np.concatenate([transform(part['image'].numpy()) for part in parts])


def _prepare(builder: Any, source: Source) -> None:
  """Downloads a data set, or raises an error that says what to do."""
  # Without a network, tfds would retry for minutes.
  reason = _unreachable(source.url)
  if reason is None:
    try:
      builder.download_and_prepare()
      return
    except Exception as error:  # Of many modules: requests, tfds, zlib, ...
      reason = error
  # <data_dir>/<name>/<version>
  data_dir = pathlib.Path(builder.data_path).parents[1]
  raise FileNotFoundError(
    f'Data set {source.name} {source.version} is not in {data_dir}, and its'
    f' download from {source.url} failed: {reason}. Where there is a network,'
    f' run `tfds build {source.name} --data_dir {data_dir}`, or copy the'
    f' folder {source.name}/{source.version} which that command makes on'
    f' another machine to {builder.data_path}. Another folder is chosen by'
    ' data_dir or $TFDS_DATA_DIR.'
  ) from (reason if isinstance(reason, Exception) else None)


def _unreachable(url: str) -> Exception | None:
  """Returns why the host of a URL does not answer, or None."""
  if urllib.request.getproxies():
    return None  # Only the proxy knows.
  parts = urllib.parse.urlsplit(url)
  port = parts.port or {'http': 80, 'https': 443}[parts.scheme]
  try:
    socket.create_connection((parts.hostname, port), timeout=5).close()
  except OSError as error:
    return error
  return None


@contextlib.contextmanager
def _quiet(tfds: types.ModuleType) -> Iterator[None]:
  """Silences progress bars, for good, and what tfds logs about itself."""
  verbosity = logging.get_verbosity()
  logging.set_verbosity(min(verbosity, logging.WARNING))
  tfds.disable_progress_bar()
  try:
    yield
  finally:
    logging.set_verbosity(verbosity)
