"""The two 28x28 forms of Omniglot: reduced from tfds, and Burda's file."""

import os
import pathlib

import numpy as np
import scipy.io

SIDE = 28
_ORIGINAL = 105  # = 28 * 15 / 4
_KEYS = {'data': 24_345, 'testdata': 8_070}


def reduce(images: np.ndarray) -> np.ndarray:
  """Reduces black-on-white drawings to bright ink on a 28x28 black ground.

  Every new pixel is the mean over exactly the area that it covers. To repeat
  each old pixel 4 times and to average blocks of 15 is area averaging by 15/4.

  Args:
    images: `uint8 [N, 105, 105, C]` with equal channels; ink is 0, paper 255.
  Returns:
    `uint8 [N, 784]`; ink is 255.
  """
  expected = (_ORIGINAL, _ORIGINAL)
  if (
    images.dtype != np.uint8
    or images.ndim != 4
    or images.shape[1:3] != expected
  ):
    raise ValueError(
      f'Expected uint8 images [N, {_ORIGINAL}, {_ORIGINAL}, C]. Received: '
      f'{images.dtype} of shape {images.shape}'
    )
  ink = 255.0 - images[..., 0].astype(np.float32)
  overlap = _overlap()
  means = np.einsum('ir,nrc,jc->nij', overlap, ink, overlap, optimize=True)
  return np.rint(means).astype(np.uint8).reshape(-1, SIDE * SIDE)


def _overlap() -> np.ndarray:
  """Returns `[28, 105]`: the share of each old row in each new row."""
  fine = np.arange(_ORIGINAL * 4)
  overlap = np.zeros((SIDE, _ORIGINAL), np.float32)
  np.add.at(overlap, (fine // 15, fine // 4), 1 / 15)
  return overlap


def burda(
  chardata: str | os.PathLike | None,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the training (with validation) and test images of chardata.mat.

  The file stores one image per column, in the column-major order of Matlab.

  Args:
    chardata: the path of the file.
  Returns:
    Two arrays `uint8 [N, 784]`, upright, in the order of the file.
  Raises:
    FileNotFoundError: if there is no such file.
    ValueError: if the file holds something else.
  """
  path = pathlib.Path(chardata).expanduser() if chardata else None
  if path is None or not path.is_file():
    raise FileNotFoundError(
      "omniglot_burda needs Burda's 28x28 images, a local file: get"
      ' datasets/OMNIGLOT/chardata.mat from the repository yburda/iwae on'
      f' GitHub and name it with --chardata. Received: chardata={chardata!r}'
    )
  try:
    content = scipy.io.loadmat(path, variable_names=list(_KEYS))
  except Exception as error:  # Of many modules: scipy, zlib, struct, ...
    reason = ' '.join(str(error).split()) or type(error).__name__
    raise ValueError(
      f'Expected the Matlab file chardata.mat. Received: {path}, which'
      f' cannot be read as one: {reason}'
    ) from error
  train, test = (_columns_to_images(content, key, path) for key in _KEYS)
  return train, test


def _columns_to_images(
  content: dict[str, np.ndarray], key: str, path: pathlib.Path
) -> np.ndarray:
  """Returns `uint8 [N, 784]` of the `[784, N]` array under a key."""
  columns = content.get(key)
  shape = (SIDE * SIDE, _KEYS[key])
  if not isinstance(columns, np.ndarray) or columns.shape != shape:
    received = 'nothing'
    if columns is not None:
      received = f'{type(columns).__name__} of shape {np.shape(columns)}'
    raise ValueError(
      f'Expected {key!r} of shape {shape} in {path}. Received: {received}'
    )
  if columns.dtype.kind not in 'biuf':
    raise ValueError(
      f'Expected numbers under {key!r} in {path}. Received: {columns.dtype}'
    )
  # NaN is in no interval.
  if not ((columns >= 0) & (columns <= 1)).all():
    bad = columns[~((columns >= 0) & (columns <= 1))]
    raise ValueError(
      f'Expected values in [0, 1] under {key!r} in {path}. Received: '
      f'{bad.size} others, of which the first are {bad[:3].tolist()}'
    )
  grey = np.rint(columns.T * 255.0).astype(np.uint8)
  upright = grey.reshape(-1, SIDE, SIDE, order='F')
  return upright.reshape(-1, SIDE * SIDE)
