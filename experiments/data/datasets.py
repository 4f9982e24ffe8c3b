"""The images that the experiments train on, as arrays of bytes.

Images are stored and batched as `uint8`. The model binarizes them: it makes a
Bernoulli draw for every presentation, which leaves the bytes 0 and 255 of a
fixed binarization as they are. `Images.binarization` says which kind they are.
"""

from collections.abc import Callable
import functools
import math
import os
from typing import NamedTuple

import numpy as np

from experiments.data import array_cache
from experiments.data import tfds_images

_PathLike = str | os.PathLike | None

# The addresses are those that tfds names in its builders. The versions are
# pinned, because they fix the order of the examples and with it the split.
_SOURCES = {
  source.name: source
  for source in (
    tfds_images.Source(
      'mnist',
      '3.0.1',
      'https://storage.googleapis.com/cvdf-datasets/mnist/',
    ),
    tfds_images.Source(
      'fashion_mnist',
      '3.0.1',
      'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    ),
    tfds_images.Source(
      'omniglot', '3.0.0', 'https://github.com/brendenlake/omniglot/'
    ),
    tfds_images.Source(
      'binarized_mnist',
      '1.0.0',
      'http://www.cs.toronto.edu/~larocheh/public/datasets/binarized_mnist/',
    ),
  )
}
_OMNIGLOT_VALID = 1_345


class _Paths(NamedTuple):
  """The places of files that the user gave."""

  data_dir: _PathLike
  chardata: _PathLike


class Images(NamedTuple):
  """A data set in three parts."""

  name: str
  train: np.ndarray  # uint8 [N, H * W], 0..255, row by row.
  valid: np.ndarray  # `valid` and `test` are of the same form.
  test: np.ndarray
  image_shape: tuple[int, int]  # H, W
  binarization: str  # 'dynamic': a draw per presentation; 'fixed': 0 or 255
  note: str  # for the reader of its likelihoods


def load(
  name: str, *, data_dir: _PathLike = None, chardata: _PathLike = None
) -> Images:
  """Returns a data set by its name.

  The images that tfds decodes are kept in `array_cache.directory()`, so that a
  second call neither imports tensorflow_datasets nor looks into `data_dir`.

  Args:
    name: one of `NAMES`.
    data_dir: the folder of tfds. The default is $TFDS_DATA_DIR; without it
      ../shared/tfds beside the repository, if there is such a folder; and else
      the default of tfds.
    chardata: the file chardata.mat, for 'omniglot_burda' only.
  Raises:
    ValueError: if there is no such data set, or if its files hold another one.
    FileNotFoundError: if the files are neither on disk nor to be downloaded.
  """
  if not isinstance(name, str) or name not in _LOADERS:
    raise ValueError(
      f'Unknown data set. Expected one of {", ".join(NAMES)}. Received:'
      f' name={name!r}'
    )
  images = _LOADERS[name](_Paths(data_dir, chardata))
  sizes = [len(part) for part in (images.train, images.valid, images.test)]
  if 0 in sizes:
    raise ValueError(
      f'Expected images to train on, to validate and to test in {name}. '
      f'Received: {sizes} images'
    )
  return images


def _digits(paths: _Paths) -> Images:
  del paths
  # The import takes as long as all the rest of this module.
  from sklearn import datasets as sklearn_datasets

  sixteenths = sklearn_datasets.load_digits().data
  images = np.rint(sixteenths * (255 / 16)).astype(np.uint8)
  # NumPy keeps the stream of a RandomState the same in all its versions, which
  # it does not promise for a Generator.
  order = np.random.RandomState(0).permutation(len(images))
  train, valid, test = np.split(images[order], [1_297, 1_547])
  note = "8x8 digits of scikit-learn; for quick trials, in nobody's tables."
  return Images('digits', train, valid, test, (8, 8), 'dynamic', note)


def _of_mnist_sizes(name: str, paths: _Paths) -> Images:
  train, valid = np.split(_read(name, 'train', paths, _flatten), [50_000])
  test = _read(name, 'test', paths, _flatten)
  note = (
    '50,000 / 10,000 / 10,000 images in the order of tfds, which is not that'
    ' of the original files; binarized anew for every presentation.'
  )
  return Images(name, train, valid, test, (28, 28), 'dynamic', note)


def _binarized_mnist(paths: _Paths) -> Images:
  train, valid, test = (
    _read('binarized_mnist', split, paths, _zero_one_to_bytes)
    for split in ('train', 'validation', 'test')
  )
  note = (
    "Larochelle's fixed binarization of MNIST: its likelihoods are about 2"
    ' nats below those of dynamic binarization and share no table with them.'
  )
  return Images('binarized_mnist', train, valid, test, (28, 28), 'fixed', note)


def _omniglot(paths: _Paths) -> Images:
  # SciPy is slow to import, and no other data set needs it.
  from experiments.data import omniglot

  train, test = (
    _read('omniglot', split, paths, omniglot.reduce, form='28x28-')
    for split in ('train', 'test')
  )
  train, valid = np.split(train, [-_OMNIGLOT_VALID])
  note = (
    'Reduced from 105x105 by area averaging, split by alphabet (background'
    ' and evaluation sets): its likelihoods cannot be compared with'
    ' published 28x28 ones, which use omniglot_burda.'
  )
  return Images('omniglot', train, valid, test, (28, 28), 'dynamic', note)


def _omniglot_burda(paths: _Paths) -> Images:
  from experiments.data import omniglot

  train, test = omniglot.burda(paths.chardata)
  # Burda's seed and generator give his split.
  order = np.random.RandomState(123).permutation(len(train))
  train, valid = np.split(train[order], [-_OMNIGLOT_VALID])
  note = "Burda's 28x28 images and split: 23,000 / 1,345 / 8,070."
  return Images('omniglot_burda', train, valid, test, (28, 28), 'dynamic', note)


def _read(
  name: str,
  split: str,
  paths: _Paths,
  transform: Callable[[np.ndarray], np.ndarray],
  *,
  form: str = '',
) -> np.ndarray:
  """Returns `uint8 [N, 784]`, from the cache or from tfds."""
  source = _SOURCES[name]
  return array_cache.load_or_build(
    f'{name}-{source.version}-{form}{split}',
    lambda: tfds_images.read(
      source, split, data_dir=paths.data_dir, transform=transform
    ),
    width=28 * 28,
  )


def _flatten(images: np.ndarray) -> np.ndarray:
  return images.reshape(len(images), math.prod(images.shape[1:]))


def _zero_one_to_bytes(images: np.ndarray) -> np.ndarray:
  if images.dtype != np.uint8 or images.max() > 1:
    raise ValueError(
      'Expected pixels of a fixed binarization, uint8 zeros and ones. '
      f'Received: {images.dtype} up to {images.max()}'
    )
  return _flatten(images) * np.uint8(255)


_LOADERS: dict[str, Callable[[_Paths], Images]] = {
  'digits': _digits,
  'mnist': functools.partial(_of_mnist_sizes, 'mnist'),
  'fashion_mnist': functools.partial(_of_mnist_sizes, 'fashion_mnist'),
  'omniglot': _omniglot,
  'binarized_mnist': _binarized_mnist,
  'omniglot_burda': _omniglot_burda,
}
NAMES = tuple(_LOADERS)
