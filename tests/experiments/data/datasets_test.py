"""Tests of the data sets: sizes, sums and orientation, and what is missing."""

import pathlib
import re
import socket

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from experiments.data import datasets
from experiments.data import tfds_images

_SHARED = pathlib.Path(__file__).parents[4] / 'shared' / 'tfds'

_needs_shared = pytest.mark.skipif(
  not _SHARED.is_dir(), reason=f'no prepared data sets in {_SHARED}'
)


@pytest.fixture(scope='module', autouse=True)
def _cache(tmp_path_factory):
  """One cache for this module: each data set is decoded once."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('TF_MCO_CACHE', str(tmp_path_factory.mktemp('cache')))
    patch.setenv('TFDS_DATA_DIR', str(_SHARED))
    yield


def _sum(array):
  return int(array.sum(dtype=np.int64))


# Sums of pixels: train and valid together, test, the first of train. Divided by
# 255 and the number of pixels, the first ones are the known means of 60,000
# images, 0.1307 and 0.2860.
@_needs_shared
@pytest.mark.parametrize(
  ('name', 'sizes', 'sums', 'how'),
  [
    (
      'mnist',
      (50_000, 10_000, 10_000),
      (1_567_298_545, 264_923_200, 16_400),
      'dynamic',
    ),
    (
      'fashion_mnist',
      (50_000, 10_000, 10_000),
      (3_431_114_169, 573_469_082, 42_826),
      'dynamic',
    ),
    (
      'omniglot',
      (17_935, 1_345, 13_180),
      (300_409_388, 222_079_588, 21_742),
      'dynamic',
    ),
    (
      'binarized_mnist',
      (50_000, 10_000, 10_000),
      (1_567_249_635, 264_918_480, 17_085),
      'fixed',
    ),
  ],
)
def test_sizes_and_sums(name, sizes, sums, how):
  images = datasets.load(name)
  parts = (images.train, images.valid, images.test)
  assert images.name == name
  assert [part.shape for part in parts] == [(size, 784) for size in sizes]
  assert {part.dtype for part in parts} == {np.dtype(np.uint8)}
  assert images.image_shape == (28, 28)
  assert images.binarization == how
  assert (
    _sum(images.train) + _sum(images.valid),
    _sum(images.test),
    _sum(images.train[0]),
  ) == sums


@_needs_shared
def test_fixed_binarization_is_black_and_white():
  images = datasets.load('binarized_mnist')
  for part in (images.train, images.valid, images.test):
    counts = np.bincount(part.ravel(), minlength=256)
    assert counts[0] + counts[255] == part.size
    assert 0.13 < counts[255] / part.size < 0.133


@_needs_shared
@pytest.mark.parametrize('name', ['mnist', 'binarized_mnist'])
def test_digits_are_upright(name):
  """The images with the least ink are ones, drawn from top to bottom."""
  train = datasets.load(name).train
  thinnest = np.argsort(train.sum(axis=1, dtype=np.int64))[:500]
  ink = train[thinnest].reshape(-1, 28, 28) > 127
  height = ink.any(axis=2).sum(axis=1).mean()
  width = ink.any(axis=1).sum(axis=1).mean()
  assert height > 3 * width


@_needs_shared
def test_omniglot_is_bright_ink_and_says_what_it_is_not():
  images = datasets.load('omniglot')
  ink = images.train.reshape(-1, 28, 28)
  assert ink[:, [0, -1], :].mean() < 0.01 * 255
  assert ink.max(axis=(1, 2)).mean() > 0.7 * 255
  assert 'cannot be compared with published 28x28 ones' in images.note


@_needs_shared
def test_second_load_needs_no_tfds(monkeypatch):
  first = datasets.load('mnist')
  monkeypatch.setattr(tfds_images, 'read', None)
  second = datasets.load('mnist')
  for part in ('train', 'valid', 'test'):
    np.testing.assert_array_equal(getattr(first, part), getattr(second, part))


def test_digits_are_those_of_scikit_learn_rescaled():
  images = datasets.load('digits')
  parts = (images.train, images.valid, images.test)
  assert [part.shape for part in parts] == [(1_297, 64), (250, 64), (250, 64)]
  assert images.image_shape == (8, 8)
  together = np.concatenate(parts)
  original = sklearn_datasets.load_digits().images.reshape(-1, 64)
  # 16 levels: 255 / 16 each, rounded.
  np.testing.assert_array_equal(
    sorted(map(tuple, np.rint(together / 255 * 16).astype(int))),
    sorted(map(tuple, original.astype(int))),
  )
  assert together.max() == 255
  # The split is part of what results mean: it may not change.
  order = [1_081, 1_707, 927, 713, 262]
  np.testing.assert_array_equal(
    images.train[:5], np.rint(original[order] * 255 / 16)
  )


def test_unknown_name():
  with pytest.raises(ValueError, match=re.escape("name='minst'")) as raised:
    datasets.load('minst')
  assert all(name in str(raised.value) for name in datasets.NAMES)


@pytest.mark.parametrize(
  ('name', 'images', 'message'),
  [
    ('mnist', np.zeros((60_000, 28, 27, 1), np.uint8), 'Received: uint8 .*756'),
    ('mnist', np.zeros((60_000, 28, 28, 1), bool), 'Received: bool'),
    ('mnist', np.zeros((0, 28, 28, 1), np.uint8), r'uint8 \(0, 784\)'),
    ('mnist', np.zeros((50_000, 28, 28, 1), np.uint8), r'\[50000, 0, 50000\]'),
    ('binarized_mnist', np.full((3, 28, 28, 1), 255, np.uint8), 'up to 255'),
    ('binarized_mnist', np.ones((3, 28, 28, 1), np.int64), 'int64 up to 1'),
  ],
)
def test_files_of_another_data_set(
  name, images, message, tmp_path, monkeypatch
):
  monkeypatch.setenv('TF_MCO_CACHE', str(tmp_path / 'cache'))

  def read(source, split, *, data_dir, transform):
    del source, split, data_dir
    return transform(images)

  monkeypatch.setattr(tfds_images, 'read', read)
  with pytest.raises(ValueError, match=message):
    datasets.load(name)


@pytest.fixture(name='empty_cache')
def _empty_cache(tmp_path, monkeypatch):
  monkeypatch.setenv('TF_MCO_CACHE', str(tmp_path / 'cache'))


def test_not_on_disk_and_no_network(empty_cache, tmp_path, monkeypatch):
  del empty_cache
  monkeypatch.setattr(
    tfds_images, '_unreachable', lambda url: OSError(f'no route to {url}')
  )
  with pytest.raises(FileNotFoundError) as raised:
    datasets.load('mnist', data_dir=tmp_path / 'data')
  message = str(raised.value)
  assert f'mnist 3.0.1 is not in {tmp_path}/data' in message
  assert 'no route to https://storage.googleapis.com' in message
  assert f'tfds build mnist --data_dir {tmp_path}/data' in message
  assert 'mnist/3.0.1 which' in message
  assert not (tmp_path / 'data' / 'downloads').exists()


def test_not_on_disk_and_download_breaks(empty_cache, tmp_path, monkeypatch):
  del empty_cache
  import tensorflow_datasets as tfds

  def breaks(self):
    raise ConnectionError('reset by peer')

  monkeypatch.setattr(tfds_images, '_unreachable', lambda url: None)
  monkeypatch.setattr(tfds.core.DatasetBuilder, 'download_and_prepare', breaks)
  monkeypatch.setenv('TFDS_DATA_DIR', str(tmp_path / 'from_environment'))
  with pytest.raises(FileNotFoundError, match='reset by peer') as raised:
    datasets.load('omniglot')
  assert f'not in {tmp_path}/from_environment' in str(raised.value)
  assert isinstance(raised.value.__cause__, ConnectionError)


def test_host_that_answers_and_port_that_does_not(monkeypatch):
  monkeypatch.setattr('urllib.request.getproxies', dict)
  with socket.create_server(('127.0.0.1', 0)) as server:
    url = f'http://127.0.0.1:{server.getsockname()[1]}/data'
    assert tfds_images._unreachable(url) is None
  assert isinstance(tfds_images._unreachable(url), ConnectionRefusedError)
  monkeypatch.setattr('urllib.request.getproxies', lambda: {'http': 'proxy'})
  assert tfds_images._unreachable(url) is None


def test_default_directory(monkeypatch):
  monkeypatch.setenv('TFDS_DATA_DIR', '/some/where')
  assert tfds_images.default_directory() == pathlib.Path('/some/where')
  monkeypatch.delenv('TFDS_DATA_DIR')
  expected = _SHARED if _SHARED.is_dir() else None
  assert tfds_images.default_directory() == expected
