"""Small images laid out as one large one."""

import numpy as np

_PIXELS = 84  # the side of an image after enlarging, roughly
_GAP = 3
_GAP_GREY = 0.35  # can be seen beside black and beside white


def checked(images: np.ndarray, name: str) -> np.ndarray:
  """Returns `[N, H, W]` images in [0, 1] as float32, or raises ValueError."""
  images = np.asarray(images)
  if images.ndim != 3 or not images.size:
    raise ValueError(
      f'Expected {name} of shape [N, H, W], each at least 1. Received: shape'
      f' {images.shape}'
    )
  low, high = images.min(), images.max()
  if not (low >= 0 and high <= 1):  # Refuses NaN too.
    raise ValueError(
      f'Expected {name} in [0, 1]. Received: values in [{low}, {high}]'
    )
  return images.astype(np.float32)


def tiled(images: np.ndarray, columns: int) -> np.ndarray:
  """Returns one image with all of them, row by row, enlarged.

  Args:
    images: `[N, H, W]`.
    columns: images in a row; fewer if there are fewer images.
  Returns:
    `[H', W']`, grey between the images and where images are missing in the
    last row.
  """
  scale = max(1, _PIXELS // max(images.shape[1:]))
  large = images.repeat(scale, axis=1).repeat(scale, axis=2)
  number, height, width = large.shape
  columns = min(columns, number)
  rows = -(-number // columns)
  canvas = np.full(
    (rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP),
    _GAP_GREY,
    np.float32,
  )
  for index, image in enumerate(large):
    row, column = divmod(index, columns)
    top = _GAP + row * (height + _GAP)
    left = _GAP + column * (width + _GAP)
    canvas[top : top + height, left : left + width] = image
  return canvas


def paired(
  above: np.ndarray, below: np.ndarray, columns: int
) -> list[np.ndarray]:
  """Returns bands `[H', W']`, each a row of images over a row of partners."""
  number = len(above)
  bands = []
  for start in range(0, number, columns):
    pair = [images[start : start + columns] for images in (above, below)]
    bands.append(tiled(np.concatenate(pair), len(pair[0])))
  return bands
