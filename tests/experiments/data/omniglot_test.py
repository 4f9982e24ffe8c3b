"""Tests of the two forms of Omniglot against slow and obvious ones."""

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from experiments.data import datasets
from experiments.data import omniglot

# Differs from all of its rotations and reflections.
_GLYPH = np.zeros((28, 28), np.float32)
_GLYPH[4:24, 6] = 1.0
_GLYPH[4, 6:20] = 1.0
_GLYPH[12, 6:14] = 0.5


def test_reduction_is_repeat_4_and_average_15():
  paper = np.random.RandomState(0).randint(0, 256, (3, 105, 105, 1))
  paper = paper.astype(np.uint8).repeat(3, axis=3)
  fine = paper[..., 0].repeat(4, axis=1).repeat(4, axis=2).astype(np.float64)
  means = fine.reshape(3, 28, 15, 28, 15).mean(axis=(2, 4))
  difference = omniglot.reduce(paper).reshape(3, 28, 28) - (255.0 - means)
  assert abs(difference).max() <= 0.5 + 1e-3


def test_reduction_keeps_orientation_and_inverts():
  paper = np.full((1, 105, 105, 3), 255, np.uint8)
  paper[0, :15, 90:] = 0  # Ink at the top, right.
  reduced = omniglot.reduce(paper).reshape(28, 28)
  expected = np.zeros((28, 28), np.uint8)
  expected[:4, 24:] = 255
  np.testing.assert_array_equal(reduced, expected)


def test_reduction_of_another_size():
  with pytest.raises(ValueError, match=r'\(2, 28, 28, 1\)'):
    omniglot.reduce(np.zeros((2, 28, 28, 1), np.uint8))
  with pytest.raises(ValueError, match='uint8.*Received: float32'):
    omniglot.reduce(np.zeros((2, 105, 105, 1), np.float32))


def _matlab_columns(number):
  """Returns `[784, number]`: glyphs in Matlab's order, each with its index."""
  images = np.broadcast_to(_GLYPH, (number, 28, 28)).copy()
  bits = np.arange(number)[:, None] >> np.arange(15) & 1
  images[:, 27, :15] = bits
  return images.transpose(2, 1, 0).reshape(784, number)


def _indices(images):
  bits = images.reshape(-1, 28, 28)[:, 27, :15] // 255
  return bits.astype(np.int64) @ (1 << np.arange(15))


@pytest.fixture(name='chardata', scope='module')
def _chardata(tmp_path_factory):
  path = tmp_path_factory.mktemp('burda') / 'chardata.mat'
  scipy.io.savemat(
    path,
    {'data': _matlab_columns(24_345), 'testdata': _matlab_columns(8_070)},
  )
  return path


def test_burda_is_upright_and_split_as_his(chardata):
  images = datasets.load('omniglot_burda', chardata=chardata)
  assert images.binarization == 'dynamic'
  assert images.image_shape == (28, 28)
  for part, size in (
    (images.train, 23_000),
    (images.valid, 1_345),
    (images.test, 8_070),
  ):
    assert part.shape == (size, 784)
    assert part.dtype == np.uint8
    upright = part.reshape(-1, 28, 28)[[0, -1], :27]
    expected = np.rint(_GLYPH[:27] * 255)
    np.testing.assert_array_equal(upright, [expected, expected])
  # RandomState(123).permutation(24345), which Burda calls; kept as numbers.
  np.testing.assert_array_equal(
    _indices(images.train[:5]), [17_795, 4_791, 14_296, 974, 5_953]
  )
  np.testing.assert_array_equal(_indices(images.valid[:3]), [16_589, 2_819, 37])
  np.testing.assert_array_equal(_indices(images.test), np.arange(8_070))
  train_and_valid = np.concatenate([images.train, images.valid])
  np.testing.assert_array_equal(
    np.sort(_indices(train_and_valid)), np.arange(24_345)
  )


@pytest.mark.parametrize('chardata', [None, '/no/such/chardata.mat'])
def test_missing_file_says_where_it_comes_from(chardata):
  with pytest.raises(FileNotFoundError) as raised:
    datasets.load('omniglot_burda', chardata=chardata)
  message = str(raised.value)
  for part in ('yburda/iwae', 'datasets/OMNIGLOT/chardata.mat', '--chardata'):
    assert part in message
  assert repr(chardata) in message


def _with(value):
  """Returns right contents, but for one pixel."""
  columns = np.zeros((784, 24_345), np.float32)
  columns[5, 7] = value
  return {'data': columns}


@pytest.mark.parametrize(
  ('content', 'message'),
  [
    ({'images': np.zeros((784, 24_345), np.uint8)}, 'Received: nothing'),
    ({'data': np.zeros((784, 3))}, r'Received: ndarray of shape \(784, 3\)'),
    (
      {'data': scipy.sparse.csc_matrix((784, 24_345))},
      r'Received: csc_matrix of shape \(784, 24345\)',
    ),
    (
      {'data': np.full((784, 24_345), 255, np.uint8)},
      r'19086480 others, .* \[255, 255, 255\]',
    ),
    ({'data': np.zeros((784, 24_345), np.complex64)}, 'numbers.*complex64'),
    (_with(np.nan), r'in \[0, 1\].*Received: 1 others, .* \[nan\]'),
    (_with(-0.5), r'in \[0, 1\].*\[-0.5\]'),
    (_with(np.inf), r'in \[0, 1\].*\[inf\]'),
  ],
)
def test_file_with_something_else(tmp_path, content, message):
  scipy.io.savemat(tmp_path / 'other.mat', content)
  with pytest.raises(ValueError, match=message):
    datasets.load('omniglot_burda', chardata=tmp_path / 'other.mat')


_WRITTEN = {'data': np.arange(784.0).reshape(28, 28)}


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize('share', [0.0, 0.01, 0.1, 0.3, 0.6, 0.99])
def test_file_that_is_cut_short(tmp_path, share, compressed):
  path = tmp_path / 'chardata.mat'
  scipy.io.savemat(path, _WRITTEN, do_compression=compressed)
  content = path.read_bytes()
  path.write_bytes(content[: int(share * len(content))])
  with pytest.raises(ValueError, match=r'chardata\.mat') as raised:
    datasets.load('omniglot_burda', chardata=path)
  assert '\n' not in str(raised.value)


@pytest.mark.parametrize(
  'content', [b'<html>404</html>' * 50, b'\x00' * 500, b'MATLAB 7.3' * 60]
)
def test_file_that_is_no_matlab_file(tmp_path, content):
  (tmp_path / 'chardata.mat').write_bytes(content)
  with pytest.raises(ValueError, match='cannot be read as one') as raised:
    datasets.load('omniglot_burda', chardata=tmp_path / 'chardata.mat')
  assert '\n' not in str(raised.value)
