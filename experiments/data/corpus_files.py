"""Reads sparse counts and their vocabulary, and checks them."""

from __future__ import annotations

import collections
import os
import pathlib
from typing import Any, NamedTuple
import zipfile
import zlib

import numpy as np
import scipy.sparse

_FIELDS = ('data', 'indices', 'indptr', 'shape')
_PARTS = ('train', 'valid', 'test')
_MAX_COUNT = np.iinfo(np.int32).max
# NumPy raises these errors for a file that is cut short, damaged or another.
_UNREADABLE = (
  *(ValueError, TypeError, OSError, EOFError, KeyError, NotImplementedError),
  *(zipfile.BadZipFile, zlib.error),
)


class CorpusFiles(NamedTuple):
  """The contents of a file of counts and of a file of words."""

  # 'train', 'test' and perhaps 'valid'; or 'all'. CSR, int32 `[N, V]`.
  parts: dict[str, scipy.sparse.csr_matrix]
  vocabulary: tuple[str, ...]


def read(
  documents: str | os.PathLike, vocabulary: str | os.PathLike
) -> CorpusFiles:
  """Returns the counts and the words of two files.

  Args:
    documents: an npz file with one CSR matrix, as `scipy.sparse.save_npz`
      writes it, or with a matrix for each part: `train_data`, `train_indices`,
      `train_indptr`, `train_shape`, the same names for test, and for valid if
      there is such a part. A row is a document, and a column is a word.
    vocabulary: a text file, whose line n (from 0) is the word of column n.
  Raises:
    FileNotFoundError: if a file is missing.
    ValueError: for counts that are not whole numbers from 0 to 2^31 - 1, for
      documents without words, for a vocabulary of another size, and for words
      that are blank or stand there twice.
  """
  documents, vocabulary = _existing(documents), _existing(vocabulary)
  words = _words(vocabulary)
  try:
    with np.load(documents, allow_pickle=False) as archive:
      arrays = {name: archive[name] for name in archive.files}
  except _UNREADABLE as error:
    reason = ' '.join(str(error).split())
    raise ValueError(
      f'{documents} is no npz file of arrays ({reason}).'
    ) from error
  parts = {
    name: _matrix(arrays, prefix, f'{documents}, {name}')
    for name, prefix in _prefixes(arrays, documents).items()
  }
  for name, matrix in parts.items():
    if matrix.shape[1] != len(words):
      raise ValueError(
        f'The vocabulary must have a word for each column. Received: '
        f'{len(words)} words in {vocabulary}, {matrix.shape[1]} columns in '
        f'{documents}, {name}'
      )
  return CorpusFiles(parts, words)


def _existing(path: str | os.PathLike) -> pathlib.Path:
  path = pathlib.Path(path).expanduser()
  if not path.is_file():
    raise FileNotFoundError(
      f'There is no file {path}. A corpus is an npz file of sparse counts, '
      '--documents, and a text file of its words, --vocabulary. Received: '
      f'{path}'
    )
  return path


def _words(path: pathlib.Path) -> tuple[str, ...]:
  """Returns the lines of a text file, which all differ, and none is blank."""
  try:
    text = path.read_text(encoding='utf-8-sig')
  except UnicodeDecodeError as error:
    raise ValueError(f'{path} is no text file in UTF-8 ({error}).') from error
  # A word may hold one of the other characters that `splitlines` breaks at.
  lines = text.removesuffix('\n').split('\n') if text else []
  words = tuple(line.strip() for line in lines)
  if '' in words:
    raise ValueError(
      f'Every line of {path} must have a word. Received: a blank line '
      f'{words.index("") + 1}'
    )
  twice = [word for word, n in collections.Counter(words).items() if n > 1]
  if twice:
    raise ValueError(
      f'The words of {path} must differ. Received: {len(twice)} more than once,'
      f' of which the first are {twice[:3]}'
    )
  return words


def _prefixes(arrays: dict[str, Any], where: pathlib.Path) -> dict[str, str]:
  """Returns the parts in a file, and how the names of their arrays begin."""
  named = {
    part: [field for field in _FIELDS if f'{part}_{field}' in arrays]
    for part in _PARTS
  }
  prefixes = {part: f'{part}_' for part, fields in named.items() if fields}
  whole = set(_FIELDS) <= set(arrays)
  if whole and not prefixes:
    return {'all': ''}
  complete = all(len(named[part]) == len(_FIELDS) for part in prefixes)
  if whole or not complete or not {'train', 'test'} <= set(prefixes):
    raise ValueError(
      f'{where} must hold the arrays {", ".join(_FIELDS)} of a CSR matrix, or '
      'those with the prefixes train_ and test_. Received: '
      f'{", ".join(sorted(arrays)) or "none"}'
    )
  return prefixes


def _matrix(
  arrays: dict[str, Any], prefix: str, where: str
) -> scipy.sparse.csr_matrix:
  """Returns one checked matrix, without stored zeros."""
  data, indices, indptr, shape = (arrays[prefix + name] for name in _FIELDS)
  kinds = {array.dtype.kind for array in (indices, indptr, shape)}
  if not kinds <= set('iu'):
    raise ValueError(
      f'The indices, indptr and shape in {where} must be integers. Received: '
      f'{indices.dtype}, {indptr.dtype}, {shape.dtype}'
    )
  # A CSC matrix has the same four arrays, of which the columns are the rows.
  layout = arrays.get(f'{prefix}format', np.array(b'csr')).item()
  if layout not in (b'csr', 'csr'):
    raise ValueError(
      f'{where} must be a CSR matrix: `matrix.tocsr()`. Received: {layout}'
    )
  try:
    matrix = scipy.sparse.csr_matrix(
      (data, indices, indptr), shape=tuple(shape)
    )
    matrix.check_format(full_check=True)
  except (ValueError, TypeError) as error:
    raise ValueError(f'{where} is no CSR matrix: {error}.') from error
  return checked(matrix, where)


def checked(
  matrix: scipy.sparse.csr_matrix, where: str
) -> scipy.sparse.csr_matrix:
  """Returns counts as int32 without stored zeros.

  Raises:
    ValueError: for values that are no counts, and for documents without words.
  """
  values = matrix.data
  numbers = values.dtype.kind in 'biuf'
  good = np.zeros(values.shape, bool)
  if numbers:
    good = (values >= 0) & (values <= _MAX_COUNT) & (values == np.floor(values))
  if not good.all() or not numbers:
    raise ValueError(
      f'Counts must be whole numbers >= 0 and < 2^31 in {where}. Received: '
      f'{values[~good][:3].tolist() if numbers else values.dtype}'
    )
  matrix = matrix.astype(np.int64)
  matrix.sum_duplicates()
  matrix.eliminate_zeros()
  if matrix.nnz and matrix.data.max() > _MAX_COUNT:
    raise ValueError(
      f'The counts of one word and document in {where} must sum to less than '
      f'2^31. Received: {matrix.data.max()}'
    )
  matrix = matrix.astype(np.int32)
  empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
  if empty.size or not matrix.shape[0]:
    raise ValueError(
      f'Every document must have a word in {where}. Received: {empty.size} '
      f'of {matrix.shape[0]} without, the first at {empty[:3].tolist()}'
    )
  return matrix
