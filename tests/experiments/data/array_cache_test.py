"""Tests of the cache: what is kept, and what is built again."""

import numpy as np
import pytest

from experiments.data import array_cache

_ARRAY = np.arange(60, dtype=np.uint8).reshape(10, 6)


@pytest.fixture(name='folder')
def _folder(tmp_path, monkeypatch):
  monkeypatch.setenv('TF_MCO_CACHE', str(tmp_path / 'cache'))
  return tmp_path / 'cache'


def _never():
  raise AssertionError('built again')


def _load(build):
  return array_cache.load_or_build('some-1.0.0-train', build, width=6)


def test_second_load_reads_what_the_first_built(folder):
  np.testing.assert_array_equal(_load(lambda: _ARRAY), _ARRAY)
  np.testing.assert_array_equal(_load(_never), _ARRAY)
  assert [entry.name for entry in folder.iterdir()] == ['some-1.0.0-train.npz']


def test_another_key_is_another_array(folder):
  del folder
  _load(lambda: _ARRAY)
  other = array_cache.load_or_build(
    'some-1.0.1-train', lambda: _ARRAY + 1, width=6
  )
  np.testing.assert_array_equal(other, _ARRAY + 1)
  np.testing.assert_array_equal(_load(_never), _ARRAY)


def _cut_short(content):
  return content[: len(content) // 2]


def _flip_a_pixel(content):
  position = content.index(_ARRAY.tobytes()) + 7
  flipped = content[position] ^ 1
  return content[:position] + bytes([flipped]) + content[position + 1 :]


@pytest.mark.parametrize(
  'damage', [_cut_short, _flip_a_pixel, lambda _: b'', lambda _: b'no archive']
)
def test_damaged_file_is_built_again_and_repaired(folder, damage):
  _load(lambda: _ARRAY)
  (file,) = folder.iterdir()
  file.write_bytes(damage(file.read_bytes()))
  np.testing.assert_array_equal(_load(lambda: _ARRAY), _ARRAY)
  np.testing.assert_array_equal(_load(_never), _ARRAY)


@pytest.mark.parametrize(
  'wrong', [_ARRAY.astype(np.float32), _ARRAY[:, :5], _ARRAY.ravel()]
)
def test_file_of_another_kind_is_built_again(folder, wrong):
  folder.mkdir()
  np.savez(folder / 'some-1.0.0-train.npz', array=wrong)
  np.testing.assert_array_equal(_load(lambda: _ARRAY), _ARRAY)


def test_failed_build_leaves_nothing(folder):
  with pytest.raises(AssertionError, match='built again'):
    _load(_never)
  assert not folder.exists()


def test_failed_write_leaves_no_half_file(folder, monkeypatch):
  def half(file, **_):
    file.write(b'half')
    raise OSError('disk full')

  monkeypatch.setattr(np, 'savez', half)
  np.testing.assert_array_equal(_load(lambda: _ARRAY), _ARRAY)
  assert not list(folder.iterdir())


def test_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
  (tmp_path / 'file').touch()
  monkeypatch.setenv('TF_MCO_CACHE', str(tmp_path / 'file' / 'cache'))
  np.testing.assert_array_equal(_load(lambda: _ARRAY), _ARRAY)
