"""Files that other processes see complete or not at all."""

from collections.abc import Iterator
import contextlib
import os
import pathlib
from typing import BinaryIO
import uuid

_SUFFIX = '.tmp'


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[BinaryIO]:
  """Opens a file which takes the place of `path` when the block is done.

  If the block raises, `path` stays as it was.
  """
  # The random part keeps two processes that write one file apart.
  temporary = path.with_name(f'.{path.name}.{uuid.uuid4().hex}{_SUFFIX}')
  try:
    with temporary.open('xb') as file:
      yield file
      # Otherwise a power failure could leave the new name without content.
      file.flush()
      os.fsync(file.fileno())
    os.replace(temporary, path)
  except BaseException:
    temporary.unlink(missing_ok=True)
    raise


def is_leftover(path: pathlib.Path) -> bool:
  """Returns whether a process that was killed may have left this file."""
  return path.suffix == _SUFFIX
